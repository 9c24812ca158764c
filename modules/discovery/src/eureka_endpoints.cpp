#include "flotilla/discovery/eureka_endpoints.hpp"

#include <algorithm>

namespace flotilla::discovery {

EurekaEndpoints::EurekaEndpoints(std::vector<std::string> urls, Random random)
    : urls_(std::move(urls)), random_(random) {}

void EurekaEndpoints::begin(TimePoint now) {
    if (good_ && now >= session_ends_) {
        good_.reset();
        quarantine_.clear();
    }
    if (!good_) {
        const double share = 0.5 + random_.unit();
        session_ends_ =
            now + Duration(static_cast<std::int64_t>(static_cast<double>(session.count()) * share));
    }
    tries_ = 0;
    candidates_.reset();
    next_candidate_ = 0;
    trying_.reset();
}

std::optional<std::string> EurekaEndpoints::next() {
    if (tries_ == tries_per_call) return std::nullopt;
    ++tries_;
    from_candidates_ = !good_;
    if (good_) {
        trying_ = good_;
    } else {
        if (!candidates_) candidates_ = candidates();
        if (next_candidate_ >= candidates_->size()) return std::nullopt;
        trying_ = (*candidates_)[next_candidate_++];
    }
    return urls_[*trying_];
}

void EurekaEndpoints::accept() {
    good_ = trying_;
}

void EurekaEndpoints::reject() {
    good_.reset();
    // Who worked so far gets a second chance.
    if (from_candidates_ && trying_) quarantine_.insert(*trying_);
}

std::string EurekaEndpoints::current() const {
    return good_ ? urls_[*good_] : std::string();
}

std::vector<std::size_t> EurekaEndpoints::candidates() {
    const auto limit = static_cast<std::size_t>(static_cast<double>(urls_.size()) * quarantine_limit);
    if (!quarantine_.empty() && quarantine_.size() >= limit) quarantine_.clear();
    std::vector<std::size_t> all;
    for (std::size_t i = 0; i < urls_.size(); ++i) {
        if (!quarantine_.contains(i)) all.push_back(i);
    }
    return all;
}

}  // namespace flotilla::discovery
