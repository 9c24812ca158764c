#include "proc.hpp"

#include <dirent.h>
#include <unistd.h>

#include <cstdio>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/base/text.hpp"

namespace flotilla::metrics::detail {

namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
};

struct CloseFolder {
    void operator()(DIR* folder) const { closedir(folder); }
};

std::string first_bytes(const char* path) {
    const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path, "re"));
    if (!file) return {};
    std::string text(4096, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), file.get()));
    return text;
}

std::vector<std::string_view> words(std::string_view line) {
    return split_list(line, ' ');
}

double number(const std::vector<std::string_view>& parts, std::size_t at) {
    return at < parts.size() ? parse_double(parts[at]).value_or(unknown) : unknown;
}

/// Fields of /proc/self/stat from the third on; the second, the name, may hold blanks.
std::string stat_after_name() {
    std::string stat = first_bytes("/proc/self/stat");
    const std::size_t end = stat.rfind(')');
    return end == stat.npos ? std::string() : stat.substr(end + 1);
}

}  // namespace

SystemCpu system_cpu() {
    const std::string text = first_bytes("/proc/stat");
    const auto parts = words(std::string_view(text).substr(0, text.find('\n')));
    // cpu user nice system idle iowait irq softirq steal; guest time is within user time
    SystemCpu cpu;
    for (std::size_t i = 1; i < parts.size() && i <= 8; ++i) {
        const double ticks = number(parts, i);
        cpu.total += ticks;
        if (i != 4 && i != 5) cpu.busy += ticks;
    }
    return cpu;
}

ProcessMemory process_memory() {
    const std::string text = first_bytes("/proc/self/statm");
    const auto parts = words(trim(text));
    const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
    return {.resident = number(parts, 1) * page, .virtual_size = number(parts, 0) * page};
}

double open_files() {
    const std::unique_ptr<DIR, CloseFolder> folder(opendir("/proc/self/fd"));
    if (!folder) return unknown;
    double count = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): each call has a folder handle of its own
    while (const dirent* entry = readdir(folder.get())) {
        if (entry->d_name[0] != '.') ++count;
    }
    return count - 1;  // the folder itself
}

double thread_count() {
    const std::string text = stat_after_name();
    return number(words(text), 17);
}

WallTime process_start_time(const Clock& clock) {
    const std::string stat = stat_after_name();
    const std::string uptime = first_bytes("/proc/uptime");
    const double started = number(words(stat), 19) / static_cast<double>(sysconf(_SC_CLK_TCK));
    const double age = number(words(trim(uptime)), 0) - started;
    const WallTime now = clock.wall_now();
    if (!(age >= 0)) return now;
    return now - Duration{static_cast<std::int64_t>(age * 1e9)};
}

}  // namespace flotilla::metrics::detail
