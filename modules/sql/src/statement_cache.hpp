#pragma once
// Prepared statements of one connection by their text; the least recently used leaves first.

#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace flotilla::sql {

template <class Prepared>
class StatementCache {
public:
    /// HikariCP's advice for drivers (`prepStmtCacheSize`) is 250; a service has a few dozen.
    static constexpr std::size_t capacity = 128;

    /// Null when it is not here.
    Prepared* find(std::string_view text) {
        const auto found = index_.find(text);
        if (found == index_.end()) return nullptr;
        entries_.splice(entries_.begin(), entries_, found->second);
        return &found->second->second;
    }

    Prepared& add(std::string text, Prepared prepared) {
        if (entries_.size() >= capacity) {
            index_.erase(entries_.back().first);
            entries_.pop_back();
        }
        entries_.emplace_front(std::move(text), std::move(prepared));
        index_.emplace(entries_.front().first, entries_.begin());
        return entries_.front().second;
    }

    void remove(std::string_view text) {
        const auto found = index_.find(text);
        if (found == index_.end()) return;
        const auto entry = found->second;
        index_.erase(found);
        entries_.erase(entry);
    }

    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

private:
    using Entry = std::pair<std::string, Prepared>;

    std::list<Entry> entries_;
    std::unordered_map<std::string_view, typename std::list<Entry>::iterator> index_;
};

}  // namespace flotilla::sql
