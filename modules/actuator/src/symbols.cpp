#include "symbols.hpp"

#include <cxxabi.h>
#include <dlfcn.h>
#include <elf.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>

namespace flotilla::actuator::detail {

namespace {

std::string demangle(const char* name) {
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> text(
        abi::__cxa_demangle(name, nullptr, nullptr, &status), &std::free
    );
    return status == 0 ? std::string(text.get()) : std::string(name);
}

std::string base_name(std::string_view path) {
    return std::string(path.substr(path.rfind('/') + 1));
}

}  // namespace

void split_function(std::string_view demangled, std::string& scope, std::string& function) {
    // The parameters begin at the first round bracket outside of template arguments, but not that of
    // `operator()` or of an `(anonymous namespace)`.
    std::size_t end = demangled.size();
    std::size_t colon = std::string_view::npos;
    int depth = 0;
    for (std::size_t i = 0; i < demangled.size(); ++i) {
        const char c = demangled[i];
        if (c == '<') ++depth;
        if (c == '>' && depth > 0) --depth;
        if (depth > 0) continue;
        if (c == ':' && i + 1 < demangled.size() && demangled[i + 1] == ':') {
            colon = i;
            ++i;
        } else if (c == '(') {
            const std::string_view rest = demangled.substr(i);
            constexpr std::string_view anonymous = "(anonymous namespace)";
            if (rest.starts_with(anonymous)) {
                i += anonymous.size() - 1;
            } else if (rest.starts_with("()") && demangled.substr(0, i).ends_with("operator")) {
                ++i;
            } else {
                end = i;
                break;
            }
        }
    }
    demangled = demangled.substr(0, end);
    if (colon == std::string_view::npos) {
        scope.clear();
        function = demangled;
    } else {
        scope = demangled.substr(0, colon);
        function = demangled.substr(colon + 2);
    }
}

std::string_view Symbols::Table::find(std::uintptr_t address, std::uintptr_t base) const {
    const std::uintptr_t offset = absolute ? address : address - base;
    auto after = std::ranges::upper_bound(entries, offset, {}, &Entry::start);
    if (after == entries.begin()) return {};
    const Entry& entry = *std::prev(after);
    if (offset >= entry.start + entry.size) return {};
    return names.c_str() + entry.name;
}

Symbols::Table Symbols::read_table(const std::string& file) {
    Table table;
    std::ifstream in(file, std::ios::binary);
    Elf64_Ehdr header{};
    if (!in.read(reinterpret_cast<char*>(&header), sizeof header)) return table;
    if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64)
        return table;
    table.absolute = header.e_type == ET_EXEC;
    std::vector<Elf64_Shdr> sections(header.e_shnum);
    in.seekg(static_cast<std::streamoff>(header.e_shoff));
    const auto sections_size = static_cast<std::streamsize>(sections.size() * sizeof(Elf64_Shdr));
    if (!in.read(reinterpret_cast<char*>(sections.data()), sections_size)) return table;
    const auto found = std::ranges::find(sections, Elf64_Word{SHT_SYMTAB}, &Elf64_Shdr::sh_type);
    if (found == sections.end() || found->sh_link >= sections.size()) return table;

    std::vector<Elf64_Sym> symbols(found->sh_size / sizeof(Elf64_Sym));
    in.seekg(static_cast<std::streamoff>(found->sh_offset));
    const auto symbols_size = static_cast<std::streamsize>(symbols.size() * sizeof(Elf64_Sym));
    if (!in.read(reinterpret_cast<char*>(symbols.data()), symbols_size)) return table;
    const Elf64_Shdr& names = sections[found->sh_link];
    table.names.resize(names.sh_size);
    in.seekg(static_cast<std::streamoff>(names.sh_offset));
    if (!in.read(table.names.data(), static_cast<std::streamsize>(names.sh_size))) return {};
    for (const auto& symbol : symbols) {
        if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_value == 0 ||
            symbol.st_name >= names.sh_size)
            continue;
        table.entries.push_back({symbol.st_value, std::max<std::uintptr_t>(symbol.st_size, 1), symbol.st_name}
        );
    }
    std::ranges::sort(table.entries, {}, &Entry::start);
    return table;
}

const Symbols::Table& Symbols::table_of(const std::string& file) {
    const auto found = tables_.find(file);
    if (found != tables_.end()) return found->second;
    return tables_.emplace(file, read_table(file)).first->second;
}

Symbol Symbols::of(std::uintptr_t address) {
    Symbol symbol;
    Dl_info info{};
    // A return address may be the first one after a call that never returns: look at the call.
    const std::uintptr_t call = address - 1;
    if (dladdr(reinterpret_cast<void*>(call), &info) == 0 || !info.dli_fname) return symbol;
    symbol.module = base_name(info.dli_fname);
    std::string name;
    if (info.dli_sname) {
        name = info.dli_sname;
    } else {
        // The dynamic table has exported names only; the program itself exports none.
        const std::string file = info.dli_fname[0] == '/' ? info.dli_fname : "/proc/self/exe";
        name = table_of(file).find(call, reinterpret_cast<std::uintptr_t>(info.dli_fbase));
    }
    if (!name.empty()) split_function(demangle(name.c_str()), symbol.scope, symbol.function);
    return symbol;
}

}  // namespace flotilla::actuator::detail
