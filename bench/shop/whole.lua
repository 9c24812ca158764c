-- Counts answers that lack what the first argument says, such as a user whose orders a fallback has left out.
local threads = {}

function setup(thread)
    table.insert(threads, thread)
end

function init(arguments)
    wanted = arguments[1]
    lacking = 0
end

function response(status, headers, body)
    if not body:find(wanted, 1, true) then
        lacking = lacking + 1
    end
end

function done()
    local total = 0
    for _, thread in ipairs(threads) do
        total = total + thread:get("lacking")
    end
    io.write(string.format("lacking: %d\n", total))
end
