#pragma once
/// Many `/hystrix.stream`s as one, as Turbine merges them.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flotilla/base/clock.hpp"
#include "flotilla/reflect/value.hpp"

namespace flotilla::resilience {

/// The latest documents of every source, merged by type and name. Not thread-safe.
class TurbineAggregate {
public:
    /// A document of the stream of `source` (a host). One without type or name is left out.
    void update(std::string_view source, const reflect::Json& document, TimePoint now);
    /// The stream has ended.
    void forget(std::string_view source);

    /// Integers are summed, what is equal everywhere is kept, what is not becomes a text that counts the
    /// values: `"{\"true\":1,\"false\":1}"`. Sources that have been silent for ten seconds are left out.
    [[nodiscard]] std::vector<reflect::Json> merged(TimePoint now) const;
    /// `{"reportingHostsLast10Seconds":2,"name":"meta","type":"meta","timestamp":…}`
    [[nodiscard]] reflect::Json meta(TimePoint now, WallTime wall) const;

private:
    struct Latest {
        reflect::Json document;
        TimePoint at;
    };

    using Key = std::pair<std::string, std::string>;  ///< type, name

    std::map<Key, std::map<std::string, Latest, std::less<>>> documents_;
};

/// The parts of an event stream with `data:` lines; keeps what is not complete yet. Other lines are skipped.
class DataLines {
public:
    /// Adds bytes and takes out the complete texts behind `data:`.
    std::vector<std::string> feed(std::string_view bytes);

    /// More than this without a line end is thrown away.
    static constexpr std::size_t longest_line = 256U << 10;

private:
    std::string rest_;
};

}  // namespace flotilla::resilience
