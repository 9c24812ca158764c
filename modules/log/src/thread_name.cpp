#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "flotilla/log/logger.hpp"

namespace flotilla::log {

namespace {

// Plain data, so that lines written while a thread ends still find its name.
struct Name {
    char text[48];
    unsigned char size;
};

thread_local Name current_name{};

}  // namespace

void set_thread_name(std::string_view name) noexcept {
    current_name.size = static_cast<unsigned char>(std::min(name.size(), sizeof current_name.text));
    std::memcpy(current_name.text, name.data(), current_name.size);
    char short_name[16] = {};
    std::memcpy(short_name, name.data(), std::min<std::size_t>(name.size(), sizeof short_name - 1));
    pthread_setname_np(pthread_self(), short_name);
}

std::string_view thread_name() noexcept {
    if (current_name.size == 0) [[unlikely]] {
        if (syscall(SYS_gettid) == getpid()) {
            std::memcpy(current_name.text, "main", 4);
            current_name.size = 4;
        } else {
            char os_name[16] = {};
            pthread_getname_np(pthread_self(), os_name, sizeof os_name);
            current_name.size = static_cast<unsigned char>(std::strlen(os_name));
            std::memcpy(current_name.text, os_name, current_name.size);
        }
    }
    return {current_name.text, current_name.size};
}

}  // namespace flotilla::log
