#pragma once
/// Bodies that are too long, or too slow, to be held in memory: read and written piece by piece, with
/// backpressure.

#include <span>
#include <string_view>

#include "flotilla/base/result.hpp"
#include "flotilla/runtime/task.hpp"

namespace flotilla::http {

/// The body of a request, as it arrives. Nothing is read from the network before it is asked for.
class BodyReader {
public:
    /// The next piece; empty at the end. The view is valid until the next call.
    virtual Task<Result<std::string_view>> read() = 0;

protected:
    ~BodyReader() = default;
};

/// The body of an answer, as it is made. Each write waits until the client has taken enough of it; what is
/// written before the first wait leaves in one piece with the head.
class BodyWriter {
public:
    virtual Task<Result<void>> write(std::string_view bytes) = 0;
    /// Sends what is buffered now: for streams whose pieces matter one by one.
    virtual Task<Result<void>> flush() = 0;
    /// A field after the body, of an answer whose length was not announced. Ignored for HTTP/1.0.
    virtual void trailer(std::string_view name, std::string_view value) = 0;
    /// The client has gone: nobody will read what is still to come.
    [[nodiscard]] virtual bool closed() const noexcept = 0;

protected:
    ~BodyWriter() = default;
};

}  // namespace flotilla::http
