#include "flotilla/runtime/program_pages.hpp"

#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>

namespace flotilla::runtime {

namespace {

// Words of /proc/self/pagemap, one a page: Documentation/admin-guide/mm/pagemap.rst.
constexpr std::uint64_t present = 1ULL << 63;
constexpr std::uint64_t swapped = 1ULL << 62;
constexpr std::uint64_t of_file = 1ULL << 61;

struct Release {
    int pagemap;
    std::uintptr_t page_size;
    std::size_t bytes = 0;
};

/// How many of the pages are mapped; nothing if one of them is not the file's any more, or that cannot be
/// told.
std::optional<std::size_t> clean_pages(const Release& release, std::uintptr_t first, std::uintptr_t last) {
    std::array<std::uint64_t, 512> words{};
    std::size_t mapped = 0;
    while (first < last) {
        const std::size_t count = std::min<std::size_t>(words.size(), last - first);
        const std::size_t bytes = count * sizeof(words[0]);
        const auto at = static_cast<off_t>(first * sizeof(words[0]));
        if (::pread(release.pagemap, words.data(), bytes, at) != static_cast<ssize_t>(bytes))
            return std::nullopt;
        for (const std::uint64_t word : std::span(words).first(count)) {
            const bool changed = (word & swapped) != 0 || ((word & present) != 0 && (word & of_file) == 0);
            if (changed) return std::nullopt;
            if ((word & present) != 0) ++mapped;
        }
        first += count;
    }
    return mapped;
}

/// Of each object the segments that are never written to. Those with relocations are not among them: what the
/// linker has written there is nowhere else. It holds its lock meanwhile: no object comes or goes.
int release_object(dl_phdr_info* object, std::size_t /*size*/, void* data) {
    Release& release = *static_cast<Release*>(data);
    for (const ElfW(Phdr) & segment : std::span(object->dlpi_phdr, object->dlpi_phnum)) {
        if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0) continue;
        const std::uintptr_t begin = object->dlpi_addr + segment.p_vaddr;
        const std::uintptr_t first = begin / release.page_size;
        const std::uintptr_t last = (begin + segment.p_filesz) / release.page_size;
        if (first >= last) continue;
        const auto mapped = clean_pages(release, first, last);
        if (!mapped) continue;
        // NOLINTNEXTLINE(performance-no-int-to-ptr): an address is what the linker gives
        void* const address = reinterpret_cast<void*>(first * release.page_size);
        if (::madvise(address, (last - first) * release.page_size, MADV_DONTNEED) == 0)
            release.bytes += *mapped * release.page_size;
    }
    return 0;
}

}  // namespace

std::size_t release_program_pages() {
    const int pagemap = ::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    if (pagemap < 0) return 0;
    Release release{.pagemap = pagemap, .page_size = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE))};
    dl_iterate_phdr(release_object, &release);
    ::close(pagemap);
    return release.bytes;
}

}  // namespace flotilla::runtime
