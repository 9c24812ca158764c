#include "yaml_tree.hpp"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <streambuf>
#include <unordered_map>
#include <unordered_set>

#include "flotilla/base/encoding.hpp"

namespace flotilla::reflect::detail {

namespace {

/// Stops the parser from inside an event.
struct Stopped {
    Error error;
};

[[noreturn]] void stop(Errc code, std::string_view what, std::size_t line, std::size_t column) {
    throw Stopped{Error(code, fmt::format("line {}, column {}: {}", line, column, what))};
}

class TreeBuilder final : public YAML::EventHandler {
public:
    explicit TreeBuilder(const Limits& limits) : limits_(limits) {}

    std::vector<YamlNode> documents;

    void OnDocumentStart(const YAML::Mark&) override {
        anchors_.clear();
        open_.clear();
        documents.emplace_back();
    }

    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        add(node(YamlNode::Kind::null, mark), anchor);
    }

    void OnScalar(
        const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value
    ) override {
        // "?" is a scalar without quotes and tag, "!" one in quotes.
        const bool quoted = tag == "!" || tag == "tag:yaml.org,2002:str";
        YamlNode scalar = node(quoted ? YamlNode::Kind::quoted : YamlNode::Kind::plain, mark);
        scalar.text = value;
        add(std::move(scalar), anchor);
    }

    void OnSequenceStart(
        const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value
    ) override {
        begin(YamlNode::Kind::sequence, mark, anchor);
    }

    void OnSequenceEnd() override { end(); }

    void OnMapStart(
        const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value
    ) override {
        begin(YamlNode::Kind::map, mark, anchor);
    }

    void OnMapEnd() override {
        merge(open_.back().node);
        end();
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        const auto found = anchors_.find(anchor);
        if (found == anchors_.end()) {
            stop(Errc::malformed, "an alias inside the value that it names", line(mark), column(mark));
        }
        if (++aliases_ > limits_.aliases) {
            stop(
                Errc::limit_exceeded,
                fmt::format("more than {} aliases", limits_.aliases),
                line(mark),
                column(mark)
            );
        }
        count(found->second.weight, line(mark), column(mark));
        if (open_.size() + depth_of(found->second) > limits_.depth) too_deep(line(mark), column(mark));
        add(found->second, 0);
    }

private:
    struct Open {
        YamlNode node;
        YAML::anchor_t anchor;
    };

    static std::size_t line(const YAML::Mark& mark) { return static_cast<std::size_t>(mark.line) + 1; }

    static std::size_t column(const YAML::Mark& mark) { return static_cast<std::size_t>(mark.column) + 1; }

    static std::size_t depth_of(const YamlNode& node) {
        std::size_t deepest = 0;
        for (const YamlNode& item : node.items) deepest = std::max(deepest, depth_of(item));
        return node.items.empty() ? 0 : deepest + 1;
    }

    [[noreturn]] void too_deep(std::size_t at_line, std::size_t at_column) const {
        stop(
            Errc::limit_exceeded,
            fmt::format("nested deeper than {} levels", limits_.depth),
            at_line,
            at_column
        );
    }

    void count(std::size_t nodes, std::size_t at_line, std::size_t at_column) {
        nodes_ += nodes;
        if (nodes_ > limits_.elements) {
            stop(
                Errc::limit_exceeded, fmt::format("more than {} values", limits_.elements), at_line, at_column
            );
        }
    }

    YamlNode node(YamlNode::Kind kind, const YAML::Mark& mark) {
        YamlNode made;
        made.kind = kind;
        made.line = line(mark);
        made.column = column(mark);
        count(1, made.line, made.column);
        return made;
    }

    void begin(YamlNode::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
        YamlNode made = node(kind, mark);
        if (open_.size() >= limits_.depth) too_deep(made.line, made.column);
        open_.push_back({std::move(made), anchor});
    }

    void end() {
        Open done = std::move(open_.back());
        open_.pop_back();
        add(std::move(done.node), done.anchor);
    }

    void add(YamlNode node, YAML::anchor_t anchor) {
        if (anchor != 0) {
            // The copy that an anchor keeps counts too: without it, nested anchors would cost the square of
            // the text.
            count(node.weight, node.line, node.column);
            anchors_.insert_or_assign(anchor, node);
        }
        if (open_.empty()) {
            documents.back() = std::move(node);
            return;
        }
        YamlNode& parent = open_.back().node;
        if (node.kind == YamlNode::Kind::null && parent.kind == YamlNode::Kind::map &&
            parent.items.size() % 2 == 1) {
            // The parser notices that nothing is there only at what comes next: behind its key is a better
            // place.
            const YamlNode& key = parent.items.back();
            node.line = key.line;
            node.column = key.column + key.text.size() + 1;
        }
        parent.weight += node.weight;
        parent.items.push_back(std::move(node));
    }

    /// Takes `<<` apart (what the map says itself wins, then the first merged map) and refuses keys that come
    /// twice.
    static void merge(YamlNode& map) {
        std::vector<YamlNode> merged;
        std::vector<YamlNode> own;
        std::unordered_set<std::string> seen;
        for (std::size_t i = 0; i + 1 < map.items.size(); i += 2) {
            YamlNode& key = map.items[i];
            YamlNode& value = map.items[i + 1];
            if (key.kind == YamlNode::Kind::sequence || key.kind == YamlNode::Kind::map) {
                stop(Errc::malformed, "a key that is no scalar", key.line, key.column);
            }
            const bool is_merge = key.kind == YamlNode::Kind::plain && key.text == "<<";
            if (is_merge && value.kind == YamlNode::Kind::map) {
                merged.push_back(std::move(value));
            } else if (is_merge && value.kind == YamlNode::Kind::sequence) {
                for (YamlNode& item : value.items) merged.push_back(std::move(item));
            } else if (!seen.insert(key.text).second) {
                stop(
                    Errc::malformed, fmt::format("the key '{}' comes twice", key.text), key.line, key.column
                );
            } else {
                own.push_back(std::move(key));
                own.push_back(std::move(value));
            }
        }
        for (YamlNode& source : merged) {
            if (source.kind != YamlNode::Kind::map) {
                stop(Errc::malformed, "only maps can be merged", source.line, source.column);
            }
            for (std::size_t i = 0; i + 1 < source.items.size(); i += 2) {
                if (!seen.insert(source.items[i].text).second) continue;
                own.push_back(std::move(source.items[i]));
                own.push_back(std::move(source.items[i + 1]));
            }
        }
        map.items = std::move(own);
        map.weight = 1;
        for (const YamlNode& item : map.items) map.weight += item.weight;
    }

    const Limits& limits_;
    std::size_t nodes_ = 0;
    std::size_t aliases_ = 0;
    std::vector<Open> open_;
    std::unordered_map<YAML::anchor_t, YamlNode> anchors_;
};

/// Reads a view as a stream, without the copy of a string stream.
class ViewBuffer final : public std::streambuf {
public:
    explicit ViewBuffer(std::string_view text) {
        char* start = const_cast<char*>(text.data());
        setg(start, start, start + text.size());
    }
};

}  // namespace

Result<std::vector<YamlNode>> parse_yaml_tree(std::string_view text, const Limits& limits) {
    if (text.size() > limits.bytes) {
        return fail(
            Errc::limit_exceeded,
            fmt::format("the text has {} bytes, {} are allowed", text.size(), limits.bytes)
        );
    }
    if (!is_valid_utf8(text)) return fail(Errc::malformed, "the text is not valid UTF-8");
    const auto control = std::ranges::find_if(text, [](char c) {
        return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F;
    });
    if (control != text.end()) {
        const auto line = std::count(text.begin(), control, '\n') + 1;
        return fail(Errc::malformed, fmt::format("line {}: a control character", line));
    }
    try {
        TreeBuilder builder(limits);
        ViewBuffer buffer(text);
        std::istream stream(&buffer);
        YAML::Parser parser(stream);
        while (parser.HandleNextDocument(builder)) {
        }
        return std::move(builder.documents);
    } catch (const Stopped& stopped) {
        return fail(stopped.error);
    } catch (const YAML::Exception& wrong) {
        return fail(
            Errc::malformed,
            fmt::format("line {}, column {}: {}", wrong.mark.line + 1, wrong.mark.column + 1, wrong.msg)
        );
    }
}

}  // namespace flotilla::reflect::detail
