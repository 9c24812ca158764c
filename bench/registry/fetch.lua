-- The whole registry; the first argument is the Accept-Encoding.
function init(args)
    wrk.headers["Accept"] = "application/json"
    wrk.headers["Accept-Encoding"] = args[1] or "identity"
end
