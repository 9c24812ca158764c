-- An order of about 1 KiB, as JSON.
local items = {}
for i = 1, 11 do
    items[i] = string.format('{"productId":"CATALOG-%04d","name":"Berlin %d","qty":%d,"unitPrice":%d}', i, i, i, 1500 + i)
end
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"customerId":"83cb5e2a-5c9d-4d17-9d5c-0a6a3c1e7f10","shipTo":{"name":"A. Berger","street":"Kai 1","city":"Hamburg","postalCode":"20457","country":"DE"},"items":['
    .. table.concat(items, ",") .. ']}'
