-- Orders of one piece, each with a key of its own: arguments are the product and what keys begin with.
local threads = {}

function setup(thread)
    thread:set("number", #threads)
    table.insert(threads, thread)
end

function init(arguments)
    body = string.format('{"productId":"%s","qty":1,"unitPrice":1500}', arguments[1])
    prefix = arguments[2] .. "-" .. number .. "-"
    placed, taken, refused = 0, 0, ""
end

function request()
    placed = placed + 1
    return wrk.format("POST", nil, {
        ["Content-Type"] = "application/json",
        ["Idempotency-Key"] = prefix .. placed,
        ["Authorization"] = wrk.headers["Authorization"],
    }, body)
end

function response(status, headers, text)
    if status == 201 and text:find("CONFIRMED", 1, true) then
        taken = taken + 1
    else
        refused = status .. " " .. text
    end
end

function done(summary)
    local total = 0
    for _, thread in ipairs(threads) do
        total = total + thread:get("taken")
        refusal = thread:get("refused")
    end
    io.write(string.format("confirmed: %d in %f s\nrefused: %s\n", total, summary.duration / 1e6, refusal))
end
