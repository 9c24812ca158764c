#include "flotilla/registry/dns_message.hpp"

#include <arpa/inet.h>

#include "flotilla/base/text.hpp"

namespace flotilla::registry {

namespace {

constexpr std::size_t header_size = 12;
constexpr std::size_t longest_name = 255;
constexpr std::size_t longest_label = 63;
constexpr std::size_t most_additional = 4;
constexpr std::uint16_t flag_response = 0x8000;
constexpr std::uint16_t flag_authoritative = 0x0400;
constexpr std::uint16_t flag_truncated = 0x0200;
constexpr std::uint16_t flag_recursion_desired = 0x0100;
constexpr std::uint16_t our_udp_size = 4096;

void put16(std::string& out, std::uint16_t value) {
    out.push_back(static_cast<char>(value >> 8));
    out.push_back(static_cast<char>(value & 0xFF));
}

void put32(std::string& out, std::uint32_t value) {
    put16(out, static_cast<std::uint16_t>(value >> 16));
    put16(out, static_cast<std::uint16_t>(value & 0xFFFF));
}

/// Reads forward and never past the end.
class Cursor {
public:
    explicit Cursor(std::string_view message) : message_(message) {}

    std::optional<std::uint16_t> number16() {
        if (left() < 2) return std::nullopt;
        const auto high = static_cast<unsigned char>(message_[at_]);
        const auto low = static_cast<unsigned char>(message_[at_ + 1]);
        at_ += 2;
        return static_cast<std::uint16_t>(high << 8 | low);
    }

    bool skip(std::size_t bytes) {
        if (left() < bytes) return false;
        at_ += bytes;
        return true;
    }

    /// Nothing for a pointer, a label that is too long or of another kind, a name that is too long.
    std::optional<std::string> name() {
        std::string out;
        const std::size_t start = at_;
        while (left() > 0) {
            const auto size = static_cast<std::size_t>(static_cast<unsigned char>(message_[at_++]));
            if (size == 0) return out;
            if (size > longest_label || left() < size || at_ + size - start >= longest_name)
                return std::nullopt;
            if (!out.empty()) out.push_back('.');
            for (const char c : message_.substr(at_, size)) {
                if (c == '.' || c == '\0')
                    return std::nullopt;  // no name of ours; it would read as two labels
                out.push_back(ascii_lower(c));
            }
            at_ += size;
        }
        return std::nullopt;
    }

    [[nodiscard]] std::size_t at() const noexcept { return at_; }

    [[nodiscard]] std::size_t left() const noexcept { return message_.size() - at_; }

private:
    std::string_view message_;
    std::size_t at_ = 0;
};

std::string refusal(std::uint16_t id, std::uint16_t flags, DnsCode code) {
    std::string out;
    put16(out, id);
    const auto kept = static_cast<std::uint16_t>(flags & (0x7800 | flag_recursion_desired));
    put16(out, static_cast<std::uint16_t>(flag_response | kept | static_cast<std::uint16_t>(code)));
    out.append(8, '\0');
    return out;
}

/// Looks for the OPT record; whether the records could be read.
bool read_additional(Cursor& cursor, std::size_t count, DnsQuery& query) {
    for (std::size_t i = 0; i < count; ++i) {
        const auto name = cursor.name();
        const auto type = cursor.number16();
        const auto klass = cursor.number16();
        const bool ttl = cursor.skip(4);
        const auto size = cursor.number16();
        if (!name || !type || !klass || !ttl || !size || !cursor.skip(*size)) return false;
        if (*type == static_cast<std::uint16_t>(DnsType::opt)) {
            if (!name->empty() || query.edns_size) return false;
            query.edns_size = *klass;
        }
    }
    return true;
}

void put_record(
    std::string& out, const DnsQuery& query, const DnsRecord& record, std::string_view name, std::uint32_t ttl
) {
    if (record.name == query.name) {
        put16(out, 0xC000 | header_size);
    } else {
        out.append(name);
    }
    put16(out, static_cast<std::uint16_t>(record.type));
    put16(out, 1);
    put32(out, ttl);
    put16(out, static_cast<std::uint16_t>(record.data.size()));
    out.append(record.data);
}

}  // namespace

DnsInput read_dns(std::string_view message) {
    Cursor cursor(message);
    const auto id = cursor.number16();
    const auto flags = cursor.number16();
    const auto questions = cursor.number16();
    const auto answers = cursor.number16();
    const auto authority = cursor.number16();
    const auto additional = cursor.number16();
    if (!additional || (*flags & flag_response) != 0) return {};
    if ((*flags & 0x7800) != 0)
        return {.query = {}, .refusal = refusal(*id, *flags, DnsCode::not_implemented)};
    const auto malformed = [&] {
        return DnsInput{.query = {}, .refusal = refusal(*id, *flags, DnsCode::format_error)};
    };
    if (*questions != 1 || *answers != 0 || *authority != 0 || *additional > most_additional)
        return malformed();

    DnsQuery query{
        .id = *id, .recursion_desired = (*flags & flag_recursion_desired) != 0, .name = {}, .question = {}
    };
    auto name = cursor.name();
    const auto type = cursor.number16();
    const auto klass = cursor.number16();
    if (!name || !type || !klass) return malformed();
    query.name = *std::move(name);
    query.question = message.substr(header_size, cursor.at() - header_size);
    query.type = static_cast<DnsType>(*type);
    query.klass = *klass;
    if (!read_additional(cursor, *additional, query)) return malformed();
    return {.query = std::move(query), .refusal = {}};
}

std::optional<std::string> dns_name(std::string_view name) {
    std::string out;
    for (const std::string_view label : split(name, '.')) {
        if (label.empty() || label.size() > longest_label) return std::nullopt;
        out.push_back(static_cast<char>(label.size()));
        out.append(label);
    }
    out.push_back('\0');
    if (out.size() > longest_name) return std::nullopt;
    return out;
}

std::optional<std::string> dns_address(std::string_view text, DnsType type) {
    const std::string address(text);
    std::string bytes(type == DnsType::a ? 4 : 16, '\0');
    if (inet_pton(type == DnsType::a ? AF_INET : AF_INET6, address.c_str(), bytes.data()) != 1)
        return std::nullopt;
    return bytes;
}

std::string dns_srv(
    std::uint16_t priority, std::uint16_t weight, std::uint16_t port, std::string_view target
) {
    std::string data;
    put16(data, priority);
    put16(data, weight);
    put16(data, port);
    data.append(dns_name(target).value_or(std::string(1, '\0')));
    return data;
}

std::string dns_soa(std::string_view server, std::string_view person, std::uint32_t serial) {
    std::string data = dns_name(server).value_or(std::string(1, '\0'));
    data += dns_name(person).value_or(std::string(1, '\0'));
    for (const std::uint32_t value : {serial, 3600U, 600U, 86400U, 0U}) put32(data, value);
    return data;
}

std::string write_dns(const DnsQuery& query, const DnsReply& reply, std::uint32_t ttl, std::size_t limit) {
    std::string out(header_size, '\0');
    out.append(query.question);
    const std::size_t opt_size = query.edns_size ? 11 : 0;
    bool truncated = reply.truncated;
    const auto put_all = [&](const std::vector<DnsRecord>& records, bool must) {
        std::uint16_t count = 0;
        for (const DnsRecord& record : records) {
            const auto name = dns_name(record.name);
            if (!name) continue;
            const std::size_t before = out.size();
            put_record(out, query, record, *name, ttl);
            if (out.size() + opt_size > limit) {
                out.resize(before);
                truncated = truncated || must;
                break;
            }
            ++count;
        }
        return count;
    };
    const std::uint16_t answers = put_all(reply.answers, true);
    const std::uint16_t authority = put_all(reply.authority, false);
    std::uint16_t additional = put_all(reply.additional, false);
    if (query.edns_size) {
        out.push_back('\0');
        put16(out, static_cast<std::uint16_t>(DnsType::opt));
        put16(out, our_udp_size);
        put32(out, 0);
        put16(out, 0);
        ++additional;
    }

    std::uint16_t flags = flag_response | flag_authoritative | static_cast<std::uint16_t>(reply.code);
    if (truncated) flags |= flag_truncated;
    if (query.recursion_desired) flags |= flag_recursion_desired;
    std::string header;
    for (const std::uint16_t value : {query.id, flags, std::uint16_t{1}, answers, authority, additional})
        put16(header, value);
    out.replace(0, header_size, header);
    return out;
}

}  // namespace flotilla::registry
