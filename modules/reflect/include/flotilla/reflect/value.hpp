#pragma once
/// Json: a small value of any JSON kind, for documents whose shape is not a struct.
///
///     Json health = Json::object({{"status", "UP"}});
///     health["details"]["total"] = 12;
///     health.text();   // {"status":"UP","details":{"total":12}}

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace flotilla::reflect {

enum class JsonKind { null, boolean, integer, unsigned_integer, number, string, array, object };

/// A value type: copies, compares, prints. Objects keep the order in which members were added; lookups are
/// linear, which is the fastest for the small documents that it is made for.
class Json {
public:
    struct Member;
    using Array = std::vector<Json>;
    using Object = std::vector<Member>;

    Json() noexcept;
    Json(const Json& other);
    Json(Json&& other) noexcept;
    Json& operator=(const Json& other);
    Json& operator=(Json&& other) noexcept;
    ~Json();

    // NOLINTBEGIN(google-explicit-constructor): what has a JSON form is JSON
    Json(std::nullptr_t) noexcept : Json() {}

    // Templates keep pointers from becoming booleans, and let every integer type in.
    template <std::same_as<bool> B>
    Json(B value) noexcept : Json(Exactly{}, static_cast<bool>(value)) {}

    template <std::signed_integral I>
    Json(I value) noexcept : Json(Exactly{}, static_cast<std::int64_t>(value)) {}

    template <std::unsigned_integral I>
        requires(!std::same_as<I, bool>)
    Json(I value) noexcept : Json(Exactly{}, static_cast<std::uint64_t>(value)) {}

    template <std::floating_point F>
    Json(F value) noexcept : Json(Exactly{}, static_cast<double>(value)) {}

    Json(std::string text) noexcept;
    Json(std::string_view text);
    Json(const char* text);
    Json(Array elements) noexcept;
    Json(Object members) noexcept;
    Json(const std::vector<std::string>& texts);
    // NOLINTEND(google-explicit-constructor)

    /// `Json::object({{"status", "UP"}, {"count", 3}})`
    static Json object(std::initializer_list<Member> members = {});
    /// `Json::array({1, "two"})`
    static Json array(std::initializer_list<Json> elements = {});

    [[nodiscard]] JsonKind kind() const noexcept { return static_cast<JsonKind>(value_.index()); }

    [[nodiscard]] bool is_null() const noexcept { return kind() == JsonKind::null; }

    [[nodiscard]] bool is_bool() const noexcept { return kind() == JsonKind::boolean; }

    [[nodiscard]] bool is_integer() const noexcept {
        return kind() == JsonKind::integer || kind() == JsonKind::unsigned_integer;
    }

    [[nodiscard]] bool is_number() const noexcept { return is_integer() || kind() == JsonKind::number; }

    [[nodiscard]] bool is_string() const noexcept { return kind() == JsonKind::string; }

    [[nodiscard]] bool is_array() const noexcept { return kind() == JsonKind::array; }

    [[nodiscard]] bool is_object() const noexcept { return kind() == JsonKind::object; }

    // What it holds, or nothing when it is of another kind (or does not fit).
    [[nodiscard]] std::optional<bool> as_bool() const noexcept;
    [[nodiscard]] std::optional<std::int64_t> as_int64() const noexcept;
    [[nodiscard]] std::optional<std::uint64_t> as_uint64() const noexcept;
    /// Any number.
    [[nodiscard]] std::optional<double> as_double() const noexcept;
    /// Null when it is no string.
    [[nodiscard]] const std::string* as_string() const noexcept;
    /// The string, or `otherwise` when it is none.
    [[nodiscard]] std::string_view string_or(std::string_view otherwise) const noexcept;

    /// Elements; none when it is no array.
    [[nodiscard]] const Array& elements() const noexcept;
    /// Members; none when it is no object.
    [[nodiscard]] const Object& members() const noexcept;
    /// The array or object inside, made first when this is null. Must not be of another kind.
    Array& elements();
    Object& members();
    /// How many elements or members; 0 for the rest.
    [[nodiscard]] std::size_t size() const noexcept;

    [[nodiscard]] bool empty() const noexcept { return size() == 0; }

    /// The member of that name, or null when there is none (or this is no object).
    [[nodiscard]] const Json* find(std::string_view key) const noexcept;
    [[nodiscard]] Json* find(std::string_view key) noexcept;

    [[nodiscard]] bool contains(std::string_view key) const noexcept { return find(key) != nullptr; }

    /// By JSON pointer (RFC 6901): `/items/3/qty`; the empty pointer is this value.
    [[nodiscard]] const Json* at_pointer(std::string_view pointer) const;

    /// The member of that name, added as null when there is none; null becomes an object first.
    Json& operator[](std::string_view key);
    /// The member or element, or a null value when there is none: `body["user"]["name"].string_or("")`.
    const Json& operator[](std::string_view key) const noexcept;

    // Templates, so that `[0]` is an index and not a null pointer.
    template <std::integral I>
    const Json& operator[](I index) const noexcept {
        return element(static_cast<std::size_t>(index));
    }

    template <std::integral I>
    const Json& operator[](I index) noexcept {
        return element(static_cast<std::size_t>(index));
    }

    // A literal would fit both a key and an index otherwise.
    Json& operator[](const char* key) { return (*this)[std::string_view(key)]; }

    const Json& operator[](const char* key) const noexcept { return (*this)[std::string_view(key)]; }

    /// Sets or replaces a member and returns this, for chains.
    Json& set(std::string key, Json value);
    /// Takes a member away; whether there was one.
    bool erase(std::string_view key);
    /// Appends an element; null becomes an array first.
    Json& push_back(Json element);

    /// As JSON text; `indent` spaces a level, 0 for none.
    [[nodiscard]] std::string text(int indent = 0) const;

    /// Kinds count (1 is not 1.0), the order of members does not.
    friend bool operator==(const Json& a, const Json& b);

private:
    [[nodiscard]] const Json& element(std::size_t index) const noexcept;

    struct Exactly {};

    Json(Exactly, bool value) noexcept;
    Json(Exactly, std::int64_t value) noexcept;
    Json(Exactly, std::uint64_t value) noexcept;
    Json(Exactly, double value) noexcept;

    std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, Array, Object>
        value_;
};

struct Json::Member {
    std::string key;
    Json value;

    friend bool operator==(const Member&, const Member&) = default;
};

/// Appends the JSON text of `value`.
void append_json(std::string& out, const Json& value);

}  // namespace flotilla::reflect
