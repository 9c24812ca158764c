-- Heartbeats of 10,000 instances in 200 applications, in turns.
local next = 0
function request()
    local i = next
    next = (next + 1) % 10000
    return string.format(
        "PUT /eureka/apps/APP-%03d/host-%d:app-%03d:8080?status=UP&lastDirtyTimestamp=100 HTTP/1.1\r\n"
            .. "Host: 127.0.0.1\r\nAccept: application/json\r\nContent-Length: 0\r\n\r\n",
        i % 200, i, i % 200)
end
