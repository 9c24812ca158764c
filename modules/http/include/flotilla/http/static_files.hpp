#pragma once
/// Files of a directory as routes, with everything that caches and players ask for.
///
///     StaticFiles files = StaticFiles::open({.root = "public"}).value();
///     files.mount(router, "/assets");        // /assets/app.js is public/app.js

#include <memory>
#include <string>
#include <string_view>

#include "flotilla/base/result.hpp"
#include "flotilla/http/router.hpp"

namespace flotilla::http {

struct StaticFilesConfig {
    std::string root;
    std::string index = "index.html";  ///< what a path with a slash at its end stands for
    std::string cache_control = "no-cache";
    /// `app.js.gz` beside `app.js` is sent to clients that take gzip.
    bool precompressed = true;
};

/// Answers GET and HEAD with ETag, Last-Modified, 304, 412, single and multiple ranges. A path never leaves
/// the root, not by dot segments and not by links, and names that begin with a dot do not exist. Files leave
/// by sendfile.
///
/// Opening a file is done on the event loop: for a file system in memory or on a local disk it takes
/// microseconds, less than a hop to the blocking pool.
class StaticFiles {
public:
    static Result<StaticFiles> open(StaticFilesConfig config);

    /// Adds routes for everything beneath `prefix`.
    void mount(Router& router, std::string_view prefix) const;

    /// `path` is relative to the root and decoded.
    [[nodiscard]] Response answer(const Request& request, std::string_view path, const ErrorRenderer& errors)
        const;

private:
    struct Directory;

    explicit StaticFiles(std::shared_ptr<const Directory> directory);

    std::shared_ptr<const Directory> directory_;
};

}  // namespace flotilla::http
