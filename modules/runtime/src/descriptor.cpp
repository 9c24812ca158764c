#include "flotilla/runtime/descriptor.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "descriptor_state.hpp"
#include "flotilla/base/assert.hpp"

namespace flotilla::runtime {

namespace {

/// Bytes that a connection moves in one direction before the others of its loop have their turn: about a
/// tenth of a millisecond of copying.
constexpr std::size_t turn = 256 * 1024;
/// What a call costs beside its bytes, in bytes: also many small ones come to an end.
constexpr std::size_t call = 512;

epoll_event all_edges(DescriptorState* state) noexcept {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = state;
    return event;
}

}  // namespace

DescriptorState* DescriptorState::open(EventLoop& loop, int fd) {
    auto* state = new DescriptorState;
    state->loop = state->read.loop = state->write.loop = &loop;
    state->fd = fd;
    epoll_event event = all_edges(state);
    FLT_ASSERT(::epoll_ctl(loop.epoll_fd_, EPOLL_CTL_ADD, fd, &event) == 0);
    state->next = loop.descriptors_;
    if (state->next) state->next->previous = state;
    loop.descriptors_ = state;
    return state;
}

void DescriptorState::close(DescriptorState* state) noexcept {
    EventLoop& loop = *state->loop;
    // A task that still waits goes on with `cancelled`, so that its owner hears of its end; when the loop
    // runs no more, it is destroyed.
    for (Direction* direction : {&state->read, &state->write}) {
        if (direction->waiter && loop.on_this_thread()) direction->waiter->cancel();
    }
    while (state->drop_waiter()) {
    }
    (state->previous ? state->previous->next : loop.descriptors_) = state->next;
    if (state->next) state->next->previous = state->previous;
    ::close(std::exchange(state->fd, -1));
    state->next_dead = loop.graveyard_;
    loop.graveyard_ = state;
}

void DescriptorState::on_events(std::uint32_t events) {
    if (fd < 0) return;
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
        hung_up = true;
        if (auto* const listener = std::exchange(hang_up_listener, nullptr)) listener->on_hang_up();
        if (fd < 0) return;
    }
    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
        read.maybe_ready = true;
        read.wake(Wake::ready);
    }
    if (fd >= 0 && (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))) {
        write.maybe_ready = true;
        write.wake(Wake::ready);
    }
}

void DescriptorState::announce_again() noexcept {
    epoll_event event = all_edges(this);
    FLT_ASSERT(::epoll_ctl(loop->epoll_fd_, EPOLL_CTL_MOD, fd, &event) == 0);
}

bool DescriptorState::drop_waiter() noexcept {
    Direction& direction = read.waiter ? read : write;
    if (!direction.waiter) return false;
    std::exchange(direction.waiter, nullptr)->drop();
    return true;
}

TimePoint DescriptorState::expire(TimePoint now) {
    if (fd >= 0) read.expire(now);
    if (fd >= 0) write.expire(now);
    return fd >= 0 ? std::min(read.deadline, write.deadline) : TimePoint::max();
}

bool DescriptorState::Direction::turn_is_over() const noexcept {
    return moved >= turn && round == loop->rounds_.load(std::memory_order_relaxed);
}

void DescriptorState::Direction::has_moved(std::size_t bytes) noexcept {
    const std::uint64_t now = loop->rounds_.load(std::memory_order_relaxed);
    if (round != now) {
        round = now;
        moved = 0;
    }
    moved += bytes + call;
}

void DescriptorState::Direction::set_deadline(TimePoint at) noexcept {
    deadline = at;
    loop->next_sweep_ = std::min(loop->next_sweep_, at);
}

void DescriptorState::Direction::add(Waiter& w) {
    FLT_ASSERT(waiter == nullptr);
    waiter = &w;
    // The edge came between the call and the await: the sweep of the next round wakes.
    if (maybe_ready) set_deadline(loop->now_);
}

Descriptor::Descriptor(EventLoop& loop, int fd) : state_(DescriptorState::open(loop, fd)) {}

Descriptor::Descriptor(Descriptor&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    std::swap(state_, other.state_);
    return *this;
}

Descriptor::~Descriptor() {
    if (state_) DescriptorState::close(state_);
}

int Descriptor::fd() const noexcept {
    return state_->fd;
}

EventLoop& Descriptor::loop() const noexcept {
    return *state_->loop;
}

bool Descriptor::maybe_readable() const noexcept {
    return state_->read.maybe_ready;
}

bool Descriptor::maybe_writable() const noexcept {
    return state_->write.maybe_ready;
}

void Descriptor::mark_drained() noexcept {
    // After a hang-up the end of the stream is still to be read, and no further edge will announce it.
    state_->read.maybe_ready = state_->hung_up;
}

void Descriptor::mark_full() noexcept {
    state_->write.maybe_ready = false;
}

bool Descriptor::may_read() noexcept {
    if (!state_->read.maybe_ready) return false;
    if (!state_->read.turn_is_over()) return true;
    state_->read.maybe_ready = false;
    state_->announce_again();
    return false;
}

bool Descriptor::may_write() noexcept {
    if (!state_->write.turn_is_over()) return true;
    state_->write.maybe_ready = false;
    state_->announce_again();
    return false;
}

void Descriptor::has_read(std::size_t bytes) noexcept {
    state_->read.has_moved(bytes);
}

void Descriptor::has_written(std::size_t bytes) noexcept {
    state_->write.has_moved(bytes);
}

void Descriptor::begin_turn() noexcept {
    // Where a turn was over, what may be there has been left unread.
    if (state_->read.turn_is_over()) state_->read.maybe_ready = true;
    state_->read.moved = state_->write.moved = 0;
}

bool Descriptor::peer_closed() const noexcept {
    return state_->hung_up;
}

void Descriptor::listen_for_hang_up(HangUpListener* listener) noexcept {
    state_->hang_up_listener = listener;
}

namespace {

Task<Wake> at_once() {
    co_return Wake::ready;
}

Task<Wake> ready(DescriptorState::Direction& direction, Deadline deadline) {
    FLT_ASSERT(direction.waiter == nullptr);
    if (direction.maybe_ready) return at_once();  // its edge is past and will not come again
    direction.set_deadline(deadline.at());
    return wait_on(direction);
}

}  // namespace

Task<Wake> Descriptor::readable(Deadline deadline) {
    return ready(state_->read, deadline);
}

Task<Wake> Descriptor::writable(Deadline deadline) {
    return ready(state_->write, deadline);
}

void Descriptor::cancel() {
    DescriptorState* const state = state_;  // which lives on when the first one destroys this descriptor
    state->read.wake(Wake::cancelled);
    state->write.wake(Wake::cancelled);
}

}  // namespace flotilla::runtime
