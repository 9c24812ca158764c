#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

#include "flotilla/base/text.hpp"
#include "flotilla/fleet/fleet.hpp"
#include "flotilla/fleet/plan.hpp"
#include "flotilla/fleet/run_record.hpp"
#include "flotilla/runtime/port_holder.hpp"
#include "flotilla/runtime/runtime.hpp"
#include "free_port.hpp"
#include "secret.hpp"
#include "status.hpp"
#include "supervisor.hpp"

namespace flotilla::fleet {

namespace {

namespace fs = std::filesystem;

constexpr int misunderstood = 2;

constexpr std::string_view up_help = R"(usage: flotilla up [options] [--some.property=value ...]

Starts a whole fleet on this machine, each part a supervised process, and follows their logs; Ctrl-C stops all.
Without --file the fleet is the shop: registry, gateway, users, catalog and two order services.

  --only a,b             these parts alone
  --without a,b          all but these
  --scale order=3        so many processes of a part
  --port gateway=8001    a part's port; of several processes, the first one's
  --data DIR             where databases, logs and the run record are kept (data)
  --profile course       the shop as naive as the course has it, for its lessons
  --file FILE            another fleet, in YAML
  --print                show the fleet's YAML and stop
  --detach, -d           return when all are ready; 'flotilla status' looks at them, 'flotilla down' stops them
  --some.property=value  for every part

A second fleet beside this one: --port registry=8771 --port gateway=8001 --data other. DNS stays with the first one,
unless --eureka.consul.dns-port=8610 moves it.
)";

int misuse(const Error& error) {
    fmt::print(stderr, "flotilla up: {}\n", error.message());
    return misunderstood;
}

int failure(std::string_view command, std::string_view why) {
    fmt::print(stderr, "flotilla {}: {}\n", command, why);
    return 1;
}

Result<std::string> read_file(const std::string& path) {
    std::ifstream file(path);
    if (!file) return fail(Errc::not_found, fmt::format("cannot read {}", path));
    return std::string(std::istreambuf_iterator<char>(file), {});
}

Result<std::string> fleet_text(const UpOptions& options) {
    if (!options.file.empty()) return read_file(options.file);
    return options.profile == "course" ? course_fleet() : shop_fleet();
}

Machine this_machine(const std::string& data) {
    return {
        .program_folder = fs::read_symlink("/proc/self/exe").parent_path().string(),
        .is_program = [](const std::string& path) { return access(path.c_str(), X_OK) == 0; },
        .free_port = free_port,
        .secret = [folder = data + "/secrets"](const std::string& name) { return kept_secret(folder, name); },
    };
}

Result<std::vector<Part>> plan(const UpOptions& options, const std::string& text) {
    auto file = parse_fleet(text);
    if (!file) return fail(file.error().within(options.file.empty() ? "the shop's fleet" : options.file));
    return make_plan(*file, options, this_machine(options.data));
}

Result<void> check_ports(const std::vector<Part>& parts) {
    for (const Part& part : parts)
        if (const std::string holder = runtime::holder_of_port(part.port); !holder.empty())
            return fail(
                Errc::conflict,
                fmt::format(
                    "{} wants port {}, which is held by {}: stop that, or choose another with --port "
                    "{}=NUMBER",
                    part.name,
                    part.port,
                    holder,
                    part.group
                )
            );
    return {};
}

/// Held by the supervisor as long as it lives; the system takes it back, however that ends.
class FleetLock {
public:
    explicit FleetLock(const std::string& data)
        : file_(open((data + "/run/fleet.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {}

    ~FleetLock() {
        if (file_ >= 0) close(file_);
    }

    FleetLock(const FleetLock&) = delete;
    FleetLock& operator=(const FleetLock&) = delete;

    [[nodiscard]] bool take() const { return file_ >= 0 && flock(file_, LOCK_EX | LOCK_NB) == 0; }

private:
    int file_;
};

/// The end of the pipe through which a detached supervisor tells how its start went: '+' or '-', then what.
struct Herald {
    int pipe = -1;

    void tell(const Result<std::string>& word) {
        const std::string text = word ? "+" + *word : "-" + word.error().message();
        [[maybe_unused]] const auto written = write(pipe, text.data(), text.size());
        close(std::exchange(pipe, -1));
    }
};

int supervise(std::vector<Part> parts, const UpOptions& options, Herald herald) {
    runtime::RuntimeConfig config;
    config.loops = 1;
    runtime::Runtime runtime(config);
    SupervisorSettings settings;
    settings.data = options.data;
    // What they write is in their own files, which do not grow without end.
    settings.echo = options.detach ? Echo::no : Echo::yes;
    settings.colour = isatty(STDOUT_FILENO) != 0 && getenv("NO_COLOR") == nullptr ? Colour::yes : Colour::no;
    settings.on_ready = [&herald, detached = options.detach](const Result<std::string>& word) {
        if (detached)
            herald.tell(word);
        else if (!word)
            failure("up", word.error().message());
    };
    Supervisor supervisor(runtime, std::move(parts), std::move(settings));
    return runtime.run(supervisor.run());
}

/// In the parent of a detached fleet: waits for word, and passes it on.
int await_word(int pipe, const UpOptions& options) {
    std::string word;
    std::array<char, 4096> piece{};
    for (ssize_t got = 0; (got = read(pipe, piece.data(), piece.size())) > 0;)
        word.append(piece.data(), static_cast<std::size_t>(got));
    if (word.empty()) return failure("up", "the supervisor died; see " + log_path(options.data, "up"));
    if (!word.starts_with('+')) return failure("up", word.substr(1));
    fmt::print("{}\n", word.substr(1));
    const std::string where = options.data == UpOptions{}.data ? "" : " --data " + options.data;
    fmt::print("Logs: {0}/log. Look: flotilla status{1}. Stop: flotilla down{1}\n", options.data, where);
    return 0;
}

int detach(std::vector<Part> parts, const UpOptions& options) {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return failure("up", "pipe: out of descriptors");
    const int log =
        open(log_path(options.data, "up").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (log < 0) return failure("up", fmt::format("cannot write {}", log_path(options.data, "up")));
    const pid_t child = fork();
    if (child < 0) return failure("up", "fork: out of processes");
    if (child > 0) {
        close(ends[1]);
        return await_word(ends[0], options);
    }
    setsid();
    dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    return supervise(std::move(parts), options, {.pipe = ends[1]});
}

/// `--data DIR` and `--json`, of `down` and `status`.
struct LookOptions {
    std::string data = UpOptions{}.data;
    bool json = false;
    bool help = false;
};

Result<LookOptions> parse_look_options(int argc, const char* const* argv) {
    LookOptions options;
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--json")
            options.json = true;
        else if (word == "--help" || word == "-h")
            options.help = true;
        else if (word == "--data" && i + 1 < argc)
            options.data = argv[++i];
        else if (word.starts_with("--data="))
            options.data = word.substr(std::string_view("--data=").size());
        else
            return fail(Errc::invalid_argument, fmt::format("unknown argument {}", word));
    }
    return options;
}

}  // namespace

int run_up(int argc, const char* const* argv) {
    const std::vector<std::string_view> words(argv + 1, argv + argc);
    auto options = parse_up_options(words);
    if (!options) return misuse(options.error());
    if (options->help) {
        fmt::print("{}", up_help);
        return 0;
    }
    const auto text = fleet_text(*options);
    if (!text) return misuse(text.error());
    if (options->print) {
        fmt::print("{}", *text);
        return 0;
    }
    std::error_code error;
    options->data = fs::absolute(options->data).lexically_normal().string();
    for (const char* folder : {"/run", "/log"}) fs::create_directories(options->data + folder, error);
    if (error) return failure("up", fmt::format("cannot make {}: {}", options->data, error.message()));
    const FleetLock lock(options->data);
    if (!lock.take())
        return failure(
            "up", fmt::format("a fleet runs already in {} (flotilla status, flotilla down)", options->data)
        );
    auto parts = plan(*options, *text);
    if (!parts) return misuse(parts.error());
    if (const auto free = check_ports(*parts); !free) return failure("up", free.error().message());
    if (options->detach) return detach(*std::move(parts), *options);
    return supervise(*std::move(parts), *options, {});
}

namespace {

/// What a supervisor leaves that was killed: programs whose part was a shell around them.
void stop_what_is_left(const std::vector<PartRecord>& parts) {
    struct sysinfo machine{};
    sysinfo(&machine);
    const std::int64_t boot = time(nullptr) - machine.uptime;
    const auto is_left = [boot](const PartRecord& part) {
        return part.started_at >= boot && part.process.group_alive();
    };
    std::vector<PartRecord> left;
    std::ranges::copy_if(parts, std::back_inserter(left), is_left);
    // Its parts have had a SIGTERM when it died, and end in their own time; a second one would cut that
    // short.
    for (const int number : {0, SIGTERM, SIGKILL}) {
        for (const PartRecord& part : left) kill(-part.process.pid, number);
        const int tries = number == 0 ? 40 : 200;  // of 50 ms
        for (int i = 0; i < tries && std::ranges::any_of(left, is_left); ++i) usleep(50'000);
        std::erase_if(left, std::not_fn(is_left));
    }
}

}  // namespace

int run_down(int argc, const char* const* argv) {
    const auto options = parse_look_options(argc, argv);
    if (!options || options->help || options->json) {
        fmt::print(options && options->help ? stdout : stderr, "usage: flotilla down [--data DIR]\n");
        return options && options->help ? 0 : misunderstood;
    }
    const auto record = load_run_record(run_record_path(options->data));
    if (record && record->supervisor.alive()) {
        kill(record->supervisor.pid, SIGTERM);
        constexpr int tries = 600;  // of 50 ms: longer than the supervisor takes to kill what is deaf
        for (int i = 0; i < tries && record->supervisor.alive(); ++i) usleep(50'000);
        if (record->supervisor.alive())
            return failure("down", "the supervisor does not end: flotilla status");
    } else if (record) {
        stop_what_is_left(record->parts);
    }
    fmt::print("Nothing runs.\n");
    return 0;
}

int run_status(int argc, const char* const* argv) {
    const auto options = parse_look_options(argc, argv);
    if (!options || options->help) {
        fmt::print(options ? stdout : stderr, "usage: flotilla status [--data DIR] [--json]\n");
        return options ? 0 : misunderstood;
    }
    const auto record = load_run_record(run_record_path(options->data));
    const bool runs = record && record->supervisor.alive();
    const auto states = runs ? look_at(*record) : std::vector<PartState>{};
    fmt::print("{}", options->json ? status_json(states) : status_table(states));
    return runs && all_up(states) ? 0 : 1;
}

}  // namespace flotilla::fleet
