#include "binder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <variant>

#include "flotilla/base/text.hpp"
#include "flotilla/config/property_name.hpp"
#include "flotilla/reflect/leaves.hpp"

namespace flotilla::config {

namespace {

using reflect::ReadError;
using Steps = std::vector<ReadError::Step>;

std::string dotted(const Steps& steps) {
    return ReadError{steps, {}}.dotted();
}

/// Where a property goes in the value: the steps down to it and the shape that it meets there.
struct Place {
    Steps steps;
    std::vector<std::size_t> lists;  ///< how many steps lead to each list on the way
    const Shape* shape = nullptr;
};

struct Stray {
    Steps steps;                ///< as far as it was known
    const Shape* at = nullptr;  ///< the struct that does not have it, or null below a plain value
    std::string_view name;
};

const Shape::Field* field_named(const Shape& shape, std::string_view name) {
    const std::string uniform = uniform_name(name);
    for (const Shape::Field& field : shape.fields) {
        if (uniform_name(field.outside) == uniform || uniform_name(field.name) == uniform) return &field;
    }
    return nullptr;
}

std::string rest_of(std::span<const NameStep> steps) {
    if (steps.size() == 1) return std::string(steps.front().text);
    std::string out;
    for (const NameStep& step : steps) {
        if (step.bracketed) {
            out.append("[").append(step.text).append("]");
        } else {
            if (!out.empty()) out.push_back('.');
            out += step.text;
        }
    }
    return out;
}

bool is_single(const Shape& shape) {
    return shape.kind == Shape::Kind::text || shape.kind == Shape::Kind::scalar ||
           shape.kind == Shape::Kind::flag;
}

/// A name in dots and brackets.
std::variant<Place, Stray> place_of(std::span<const NameStep> name, const Shape& root) {
    Place place{.steps = {}, .lists = {}, .shape = &root};
    while (true) {
        const Shape& shape = *place.shape;
        if (shape.kind == Shape::Kind::list) place.lists.push_back(place.steps.size());
        if (name.empty()) return place;
        const NameStep step = name.front();
        switch (shape.kind) {
            case Shape::Kind::object: {
                const Shape::Field* field = field_named(shape, step.text);
                if (field == nullptr) return Stray{place.steps, &shape, step.text};
                place.steps.emplace_back(std::string(field->outside));
                place.shape = &field->shape();
                break;
            }
            case Shape::Kind::list: {
                const auto index = parse_integer<std::size_t>(step.text);
                if (!step.bracketed || !index) return Stray{place.steps, nullptr, step.text};
                place.steps.emplace_back(*index);
                place.shape = &shape.element();
                break;
            }
            case Shape::Kind::map:
                if (is_single(shape.element())) {
                    // Keys of plain values may have dots: logging.level.com.example
                    place.steps.emplace_back(rest_of(name));
                    place.shape = &shape.element();
                    return place;
                }
                place.steps.emplace_back(std::string(step.text));
                place.shape = &shape.element();
                break;
            case Shape::Kind::any: {
                const auto index = parse_integer<std::size_t>(step.text);
                if (step.bracketed && index) {
                    place.lists.push_back(place.steps.size());
                    place.steps.emplace_back(*index);
                } else {
                    place.steps.emplace_back(std::string(step.text));
                }
                break;
            }
            default:
                return Stray{place.steps, nullptr, step.text};
        }
        name = name.subspan(1);
    }
}

/// A name of the environment, where underscores both separate and stand for dashes: words are joined as the
/// shape asks for. Nothing when it does not fit.
std::optional<Place> place_of_words(std::span<const std::string> words, const Shape& shape, Place so_far) {
    so_far.shape = &shape;
    if (shape.kind == Shape::Kind::list) so_far.lists.push_back(so_far.steps.size());
    if (words.empty()) return so_far;
    switch (shape.kind) {
        case Shape::Kind::object: {
            std::string joined;
            for (std::size_t count = 1; count <= words.size(); ++count) {
                joined += words[count - 1];
                const Shape::Field* field = field_named(shape, joined);
                if (field == nullptr) continue;
                Place next = so_far;
                next.steps.emplace_back(std::string(field->outside));
                if (auto found = place_of_words(words.subspan(count), field->shape(), std::move(next)))
                    return found;
            }
            return std::nullopt;
        }
        case Shape::Kind::list: {
            const auto index = parse_integer<std::size_t>(words.front());
            if (!index) return std::nullopt;
            so_far.steps.emplace_back(*index);
            return place_of_words(words.subspan(1), shape.element(), std::move(so_far));
        }
        case Shape::Kind::map: {
            const bool single = is_single(shape.element());
            std::string key = to_lower(words.front());
            for (std::size_t i = 1; single && i < words.size(); ++i) key += "." + to_lower(words[i]);
            so_far.steps.emplace_back(std::move(key));
            return place_of_words(
                single ? words.subspan(words.size()) : words.subspan(1), shape.element(), std::move(so_far)
            );
        }
        case Shape::Kind::any: {
            for (const std::string& word : words) so_far.steps.emplace_back(to_lower(word));
            return so_far;
        }
        default:
            return std::nullopt;
    }
}

class Assembly {
public:
    Assembly(std::string_view prefix, const Shape& shape, Unknown unknown, const detail::Resolve& resolve)
        : prefix_(prefix),
          prefix_steps_(split_name(prefix_)),
          shape_(shape),
          unknown_(unknown),
          resolve_(resolve) {
        for (const NameStep& step : prefix_steps_) uniform_prefix_.push_back(uniform_name(step.text));
        uniform_whole_ = uniform_name(prefix_);
    }

    void add_source(const PropertySource& source) {
        if (source.precedence() == Precedence::random) return;
        source_ = &source;
        const bool variables = source.precedence() == Precedence::system_environment;
        for (std::size_t i = 0; i < source.properties().size(); ++i) {
            const Property& property = source.properties()[i];
            if (variables) {
                add_variable(property);
            } else if (source.uniform(i).starts_with(uniform_whole_)) {
                add_property(property);
            }
        }
    }

    Result<detail::Assembled> finish() {
        if (!problems_.empty()) return fail(Errc::invalid_argument, join(problems_, "; "));
        assembled_.value = tree_.build();
        if (whole_) assembled_.value = *whole_;
        return std::move(assembled_);
    }

private:
    void add_property(const Property& property) {
        const std::vector<NameStep> name = split_name(property.name);
        if (name.size() < prefix_steps_.size()) return;
        for (std::size_t i = 0; i < prefix_steps_.size(); ++i) {
            if (uniform_name(name[i].text) != uniform_prefix_[i]) return;
        }
        const auto placed = place_of(std::span(name).subspan(prefix_steps_.size()), shape_);
        if (const auto* place = std::get_if<Place>(&placed)) {
            put(*place, property);
        } else if (unknown_ == Unknown::refuse && source_->precedence() != Precedence::defaults) {
            refuse(std::get<Stray>(placed), property);
        }
    }

    void add_variable(const Property& property) {
        std::vector<std::string> words;
        for (const std::string_view word : split(property.name, '_')) words.emplace_back(word);
        add_words(words, 0, property);
    }

    /// Whether the words fit the prefix from its step `at` on, and then the shape.
    bool add_words(std::span<const std::string> words, std::size_t at, const Property& property) {
        if (at == uniform_prefix_.size()) {
            const auto place = place_of_words(words, shape_, {});
            if (place) put(*place, property);
            return place.has_value();
        }
        std::string joined;
        for (std::size_t count = 1; count <= words.size(); ++count) {
            joined += to_lower(words[count - 1]);
            if (joined.size() > uniform_prefix_[at].size()) break;
            if (joined == uniform_prefix_[at] && add_words(words.subspan(count), at + 1, property))
                return true;
        }
        return false;
    }

    void put(const Place& place, const Property& property) {
        const std::string path = dotted(place.steps);
        if (assembled_.inputs.contains(path)) return;
        // Claims are made only when all lists on the way are free or ours.
        std::vector<std::string> lists;
        for (const std::size_t length : place.lists) {
            lists.push_back(
                dotted(Steps(place.steps.begin(), place.steps.begin() + static_cast<std::ptrdiff_t>(length)))
            );
            const auto owner = owners_.find(lists.back());
            if (owner != owners_.end() && owner->second != source_) return;
        }
        for (const std::string& list : lists) owners_.emplace(list, source_);

        Json value = property.value;
        if (property.value.is_string()) {
            auto text = resolve_(property);
            if (!text) {
                problem(place.steps, text.error().message(), property);
                return;
            }
            value = Json(*std::move(text));
        }
        std::string name(prefix_);
        append_path(name, place.steps);
        assembled_.inputs.emplace(path, BoundConfig::Input{name, value, property.origin, property.encrypted});
        auto fitted = detail::scalar_for(
            *place.shape, std::move(value), source_->precedence() == Precedence::command_line
        );
        if (!fitted) return;
        if (place.steps.empty()) {
            if (!(fitted->is_object() ||
                  (fitted->string_or("-").empty() && shape_.kind == Shape::Kind::object)))
                whole_ = *fitted;
        } else {
            tree_.put(place.steps, *std::move(fitted));
        }
    }

    static void append_path(std::string& out, const Steps& steps) {
        for (const ReadError::Step& step : steps) {
            if (const auto* index = std::get_if<std::size_t>(&step)) {
                out += fmt::format("[{}]", *index);
            } else {
                if (!out.empty()) out.push_back('.');
                out += to_kebab(std::get<std::string>(step));
            }
        }
    }

    void problem(const Steps& steps, std::string_view what, const Property& property) {
        std::string name(prefix_);
        append_path(name, steps);
        problems_.push_back(fmt::format("{}: {} ({})", name, what, property.origin));
    }

    void refuse(const Stray& stray, const Property& property) {
        std::string parent(prefix_);
        append_path(parent, stray.steps);
        std::string hint;
        if (stray.at != nullptr) {
            std::vector<std::string> known;
            for (const Shape::Field& field : stray.at->fields) known.push_back(to_kebab(field.outside));
            const auto nearest = nearest_word(to_kebab(stray.name), known);
            if (nearest)
                hint = fmt::format(", did you mean '{}{}{}'?", parent, parent.empty() ? "" : ".", *nearest);
        }
        problems_.push_back(fmt::format("{}: unknown property{} ({})", property.name, hint, property.origin));
    }

    std::string prefix_;
    std::vector<NameStep> prefix_steps_;  ///< views of prefix_
    std::vector<std::string> uniform_prefix_;
    std::string uniform_whole_;
    const Shape& shape_;
    Unknown unknown_;
    const detail::Resolve& resolve_;
    const PropertySource* source_ = nullptr;
    std::map<std::string, const PropertySource*> owners_;  ///< which source a list comes from
    reflect::PropertyTree tree_;
    std::optional<Json> whole_;  ///< the value of the prefix itself
    detail::Assembled assembled_;
    std::vector<std::string> problems_;
};

/// The input nearest above a path: a wrong element of a comma list comes from the property of the list.
const BoundConfig::Input* input_for(const detail::Assembled& assembled, Steps steps) {
    while (true) {
        if (const auto found = assembled.inputs.find(dotted(steps)); found != assembled.inputs.end())
            return &found->second;
        if (steps.empty()) return nullptr;
        steps.pop_back();
    }
}

std::string kebab_path(std::string_view prefix, std::string_view path) {
    std::string below = canonical_name(path);
    if (prefix.empty()) return below;
    return fmt::format("{}{}{}", prefix, below.empty() || below.starts_with('[') ? "" : ".", below);
}

std::string with_origin(std::string text, const BoundConfig::Input* input) {
    return input == nullptr ? text : fmt::format("{} ({})", text, input->origin);
}

}  // namespace

Result<Json> detail::scalar_for(const Shape& shape, Json value, bool from_command_line) {
    // An empty text is no number: the default stays, as in Spring. `--debug` alone switches a flag on.
    const bool empty_text = value.is_string() && value.as_string()->empty();
    if (shape.kind == Shape::Kind::flag && empty_text && from_command_line) return Json(true);
    if (empty_text && (shape.kind == Shape::Kind::scalar || shape.kind == Shape::Kind::flag)) return Json();
    if (empty_text && shape.kind == Shape::Kind::list) return Json::array();
    if (empty_text && (shape.kind == Shape::Kind::map || shape.kind == Shape::Kind::object))
        return Json::object();
    return value;
}

Result<detail::Assembled> detail::assemble(
    const std::vector<SourcePtr>& sources,
    std::string_view prefix,
    const Shape& shape,
    Unknown unknown,
    const Resolve& resolve
) {
    Assembly assembly(prefix, shape, unknown, resolve);
    for (const SourcePtr& source : sources) assembly.add_source(*source);
    return assembly.finish();
}

Error detail::bind_error(
    std::string_view prefix, const Assembled& assembled, const reflect::ReadError& error
) {
    const BoundConfig::Input* input = input_for(assembled, error.path);
    std::string what = error.what;
    // What was meant to be secret is not repeated in a message.
    if (input != nullptr && input->encrypted) what = what.substr(0, what.rfind(", got "));
    return {
        Errc::invalid_argument,
        with_origin(fmt::format("{}: {}", kebab_path(prefix, error.dotted()), what), input)
    };
}

Error detail::validation_error(
    std::string_view prefix, const Assembled& assembled, const std::vector<reflect::Violation>& violations
) {
    std::vector<std::string> lines;
    for (const reflect::Violation& violation : violations) {
        const auto found = assembled.inputs.find(violation.field);
        lines.push_back(with_origin(
            fmt::format("{}: {}", kebab_path(prefix, violation.field), violation.message),
            found == assembled.inputs.end() ? nullptr : &found->second
        ));
    }
    return {Errc::invalid_argument, join(lines, "; ")};
}

}  // namespace flotilla::config
