#pragma once
/// Names of addresses in this process, from the symbol tables of the binaries that it consists of.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace flotilla::actuator::detail {

struct Symbol {
    std::string scope;
    std::string function;
    std::string module;
};

/// `a::B<c::D>::run(int)` in its scope and its name: `a::B<c::D>`, `run`.
void split_function(std::string_view demangled, std::string& scope, std::string& function);

/// Keeps the tables that it has read, some megabytes: make one for a dump and let it go.
class Symbols {
public:
    /// Empty texts for what is not known.
    Symbol of(std::uintptr_t address);

private:
    struct Entry {
        std::uintptr_t start = 0;
        std::uintptr_t size = 0;
        std::uint32_t name = 0;  ///< offset in `names`
    };

    /// The functions of one binary, by address; also those that are not exported.
    struct Table {
        std::vector<Entry> entries;
        std::string names;
        bool absolute = false;  ///< not relocated when loaded

        [[nodiscard]] std::string_view find(std::uintptr_t address, std::uintptr_t base) const;
    };

    static Table read_table(const std::string& file);
    const Table& table_of(const std::string& file);

    std::map<std::string, Table> tables_;
};

}  // namespace flotilla::actuator::detail
