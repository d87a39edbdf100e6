// SPDX-License-Identifier: Apache-2.0
#include "bench/pool.h"

#include "lab/command.h"
#include "lab/host.h"
#include "lab/journal.h"
#include "lab/namespaces.h"
#include "lab/network.h"
#include "lab/pair.h"
#include "lab/paths.h"
#include "lab/processes.h"
#include "lab/world.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <set>
#include <sys/socket.h>
#include <sys/time.h>
#include <thread>
#include <unistd.h>

namespace dyad::bench {

using namespace dyad::lab;

namespace {

constexpr const char* webOwner = "alpha";
constexpr std::array<const char*, 4> webNames{"north", "east", "south", "west"};
constexpr std::size_t webDoomed = 2;
constexpr int firstWebPort = 9001;
constexpr std::uint16_t poolPort = 8090;
constexpr const char* poolTableName = "dyad_erp_web";
constexpr Duration poolPatience = 60s;
constexpr int requestSeconds = 10;
// The probe's bound: so many failures, each after an interval and at the latest after its time-out.
constexpr int poolIntervalMs = 200;
constexpr int poolTimeoutMs = 200;
constexpr int poolFailures = 2;

struct PoolDownAtTheEnd {
    ~PoolDownAtTheEnd() {
        if (auto down = takeDown(); !down) std::fprintf(stderr, "%s\n", down.error().text().c_str());
    }
};

template <typename Condition>
bool soon(Condition condition) {
    for (const Instant end = monotonicNow() + poolPatience; monotonicNow() < end;) {
        if (condition()) return true;
        std::this_thread::sleep_for(20ms);
    }
    return false;
}

// A web server of one process in the array's network, that ends with this object. It notes every request that it took.
class WebServer {
public:
    WebServer(std::string folder, std::size_t number) : m_folder(std::move(folder)), m_number(number) { start(); }
    ~WebServer() { end(); }
    WebServer(const WebServer&) = delete;
    WebServer& operator=(const WebServer&) = delete;

    void start() {
        std::filesystem::create_directories(m_folder);
        std::ofstream(m_folder + "/site.conf")
            << "daemon off;\nmaster_process off;\nerror_log stderr;\npid " << m_folder
            << "/pid;\nevents { worker_connections 256; }\nhttp {\nlog_format n '$arg_n';\naccess_log " << m_folder
            << "/taken n;\nclient_body_temp_path body;\nproxy_temp_path proxy;\nfastcgi_temp_path fastcgi;\n"
               "uwsgi_temp_path uwsgi;\nscgi_temp_path scgi;\nserver { listen "
            << arrayAddress << ":" << firstWebPort + static_cast<int>(m_number) << "; location / { return 200 \""
            << webNames[m_number] << "\\n\"; } }\n}\n";
        m_thread = std::thread([this] {
            (void)run({"setpriv", "--pdeathsig", "KILL", "/usr/sbin/nginx", "-e", "stderr", "-p", m_folder, "-c",
                       m_folder + "/site.conf"},
                      {.networkNamespace = networkPath("array"), .deadline = 24h});
        });
    }
    // SIGKILL; blocks until it is gone. Gives the instant of the signal.
    Instant end() {
        const auto process = recordOf(pid());
        const Instant killed = monotonicNow();
        if (process && programNameOf(process->pid) == "nginx") (void)killAndWait(*process);
        if (m_thread.joinable()) m_thread.join();
        return killed;
    }
    [[nodiscard]] bool answers() const {
        const std::string place = std::string("http://") + arrayAddress + ":" +
                                  std::to_string(firstWebPort + static_cast<int>(m_number)) + "/";
        const auto got = run({"curl", "-s", "-m", "5", place}, {.networkNamespace = networkPath("array")});
        return got && got.value().text == std::string(webNames[m_number]) + "\n";
    }
    [[nodiscard]] std::set<std::string> taken() const {
        std::set<std::string> all;
        std::ifstream file(m_folder + "/taken");
        for (std::string line; std::getline(file, line);)
            all.insert(line);
        return all;
    }

private:
    [[nodiscard]] pid_t pid() const {
        for (const Instant until = monotonicNow() + 5s; monotonicNow() < until;) {
            std::ifstream file(m_folder + "/pid");
            if (pid_t number = 0; file >> number) return number;
            std::this_thread::sleep_for(10ms);
        }
        return 0;
    }

    std::string m_folder;
    std::size_t m_number;
    std::thread m_thread;
};

struct Request {
    std::string number;
    Instant began;
    Instant ended;
    std::string server; // that answered; empty: failed
    int trouble = 0;    // errno
};

// One request on a connection of its own, in the calling thread's network.
Request request(const std::string& number) {
    Request made{number, monotonicNow(), {}, {}, 0};
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval mostWaited{requestSeconds, 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &mostWaited, sizeof mostWaited);
    ::setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &mostWaited, sizeof mostWaited);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(poolPort);
    ::inet_pton(AF_INET, floatingAddress, &to.sin_addr);
    const std::string words = "GET /?n=" + number + " HTTP/1.0\r\nHost: pool\r\n\r\n";
    std::string text;
    errno = 0;
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 &&
        ::send(socket, words.data(), words.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(words.size())) {
        std::array<char, 1024> piece{};
        ssize_t count = 0;
        while ((count = ::recv(socket, piece.data(), piece.size(), 0)) > 0)
            text.append(piece.data(), static_cast<std::size_t>(count));
        if (count == 0 && text.starts_with("HTTP/1.1 200")) {
            const std::size_t body = text.find("\r\n\r\n");
            if (body != std::string::npos && text.ends_with('\n'))
                made.server = text.substr(body + 4, text.size() - body - 5);
        }
        // It hung up without a word, which is the same to a client.
        if (count == 0 && text.empty()) errno = ECONNRESET;
    }
    made.trouble = errno;
    ::close(socket);
    made.ended = monotonicNow();
    return made;
}

// Asks again and again, from its making to end().
class Visitors {
public:
    explicit Visitors(unsigned count) {
        for (unsigned i = 0; i < count; ++i)
            m_threads.emplace_back([this, i] { visit(i); });
    }
    ~Visitors() { (void)end(); }
    Visitors(const Visitors&) = delete;
    Visitors& operator=(const Visitors&) = delete;

    [[nodiscard]] std::size_t count() {
        const std::lock_guard lock(m_mutex);
        return m_requests.size();
    }
    std::vector<Request> end() {
        m_stop = true;
        for (std::thread& each : m_threads)
            if (each.joinable()) each.join();
        return m_requests;
    }

private:
    void visit(unsigned who) {
        if (!enterNetwork("client")) return;
        for (unsigned number = 0; !m_stop; ++number) {
            Request made = request(std::to_string(who) + "-" + std::to_string(number) + "-" +
                                   std::to_string(monotonicNow().nanoseconds()));
            const std::lock_guard lock(m_mutex);
            m_requests.push_back(std::move(made));
        }
    }

    std::mutex m_mutex;
    std::vector<Request> m_requests;
    std::atomic<bool> m_stop = false;
    std::vector<std::thread> m_threads; // last: they use the others
};

// Whether the kernel's rules pass anything on to the server.
bool isIn(std::size_t server) {
    const auto rules = runInHost(webOwner, {"nft", "-n", "list", "chain", "ip", poolTableName, "choose"});
    const std::string port = std::to_string(firstWebPort + static_cast<int>(server));
    return rules && rules.value().exitStatus == 0 &&
           rules.value().text.find(std::string(arrayAddress) + " . " + port) != std::string::npos;
}

std::string poolConfiguration() {
    std::string text = "\n[[group.resource]]\nname = \"web\"\ntype = \"pool\"\nlisten = \"" +
                       std::string(floatingAddress) + ":" + std::to_string(poolPort) +
                       "\"\nhealth = { probe = \"http\", interval_ms = " + std::to_string(poolIntervalMs) +
                       ", timeout_ms = " + std::to_string(poolTimeoutMs) +
                       ", failures = " + std::to_string(poolFailures) + ", successes = 1 }\n";
    for (std::size_t i = 0; i < webNames.size(); ++i)
        text += std::string("[[group.resource.server]]\nname = \"") + webNames[i] + "\"\naddress = \"" + arrayAddress +
                ":" + std::to_string(firstWebPort + static_cast<int>(i)) + "\"\n";
    return text;
}

Result<void> applyPool() {
    std::ifstream file(hostFolder(webOwner) + "/etc/dyad/dyad.toml");
    const std::string before(std::istreambuf_iterator<char>(file), {});
    std::ofstream(hostFolder(webOwner) + "/etc/dyad/offered.toml", std::ios::trunc) << before + poolConfiguration();
    const auto applied = dyadOn(webOwner, {"config", "apply", "/etc/dyad/offered.toml", "--yes"}, poolPatience);
    if (!applied) return applied.error();
    return {};
}

struct PoolFigures {
    Figure lost{"pool: requests lost in all until the killed server is out", ""};
    Figure share{"pool: of the requests of that time", "%"};
    Figure out{"pool: kill to the rules without it", "ms"};
    Figure rate{"pool: requests a second before", "1/s"};
    Figure lostByLiving{"pool: requests lost that a living server had taken", ""};
    Figure otherwise{"pool: requests that failed otherwise than refused or reset", ""};
    Figure lostAfter{"pool: requests lost after it is out", ""};
};

Result<void> killOne(std::vector<std::unique_ptr<WebServer>>& servers, const PoolPlan& plan, PoolFigures& figures) {
    for (std::size_t i = 0; i < servers.size(); ++i)
        if (!soon([&] { return servers[i]->answers() && isIn(i); }))
            return Error{"wait for the server", webNames[i], "the pool does not pass anything on to it", ""};
    Visitors visitors(plan.clients);
    const Instant begun = monotonicNow();
    if (!soon([&] { return visitors.count() > 400; })) return Error{"ask the pool", "", "too few answers", ""};
    const double before = static_cast<double>(visitors.count()) / (milliseconds(monotonicNow() - begun) / 1000);
    const Instant killed = servers[webDoomed]->end();
    while (isIn(webDoomed))
        if (monotonicNow() - killed > poolPatience)
            return Error{"kill", webNames[webDoomed], "it stays in the pool", ""};
    const Instant out = monotonicNow();
    std::this_thread::sleep_for(1s); // more requests, of which none may fail
    const std::vector<Request> all = visitors.end();

    std::set<std::string> takenByLiving;
    for (std::size_t i = 0; i < servers.size(); ++i)
        if (i != webDoomed) takenByLiving.merge(servers[i]->taken());
    double lost = 0;
    double between = 0;
    double byLiving = 0;
    double otherwise = 0;
    double after = 0;
    for (const Request& each : all) {
        const bool failed = each.server.empty();
        if (failed && each.ended < killed)
            return Error{"ask the pool", "", "a request failed before anything was done to it", ""};
        if (each.ended >= killed && each.began < out) ++between;
        if (!failed) continue;
        ++lost;
        if (each.began >= out) ++after;
        if (takenByLiving.count(each.number) != 0) ++byLiving;
        if (each.trouble != ECONNREFUSED && each.trouble != ECONNRESET) ++otherwise;
    }
    figures.lost.add(lost);
    figures.share.add(between == 0 ? 0 : 100 * lost / between);
    figures.out.add(milliseconds(out - killed));
    figures.rate.add(before);
    figures.lostByLiving.add(byLiving);
    figures.otherwise.add(otherwise);
    figures.lostAfter.add(after);
    std::printf(
        "  out after %.0f ms; %.0f of %.0f requests lost till then; by living servers %.0f, after it was out %.0f\n",
        milliseconds(out - killed), lost, between, byLiving, after);
    std::fflush(stdout);
    servers[webDoomed]->start();
    return {};
}

struct TemporaryFolder {
    std::string path;
    TemporaryFolder() {
        char name[] = "/tmp/dyad-bench-pool.XXXXXX";
        if (::mkdtemp(name) != nullptr) path = name;
    }
    ~TemporaryFolder() {
        std::error_code error;
        if (!path.empty()) std::filesystem::remove_all(path, error);
    }
};

} // namespace

Result<PoolFindings> measurePool(const PoolPlan& plan) {
    const TemporaryFolder folder;
    const PoolDownAtTheEnd end;
    if (auto up = bringUp({.pair = {.profile = "fast", .ledger = false}}); !up) return up.error();
    std::vector<std::unique_ptr<WebServer>> servers; // gone before the network that they live in
    for (const char* host : hostNames)
        if (auto answers = waitForService(host, poolPatience); !answers) return answers.error();
    if (!waitForLine(webOwner, Instant(), "group_active", poolPatience, groupName))
        return Error{"wait for the group", groupName, std::string("not active on ") + webOwner, ""};
    for (std::size_t i = 0; i < webNames.size(); ++i)
        servers.push_back(std::make_unique<WebServer>(folder.path + "/" + webNames[i], i));
    if (auto applied = applyPool(); !applied) return applied.error();

    std::printf("One of four web servers of a pool is killed, %u clients, checked every %d ms, out after %d failures\n",
                plan.clients, poolIntervalMs, poolFailures);
    PoolFigures figures;
    for (unsigned i = 0; i < plan.runs; ++i)
        if (auto done = killOne(servers, plan, figures); !done) return done.error();

    PoolFindings findings;
    findings.goals = {
        {"requests lost that a living server had taken", figures.lostByLiving.maximum(), 0, ""},
        {"requests that failed otherwise than refused or reset by the dead one", figures.otherwise.maximum(), 0, ""},
        {"requests lost after it is out", figures.lostAfter.maximum(), 0, ""},
        {"kill to out, by the probe's bound: failures x (interval + time-out)", figures.out.maximum(),
         poolFailures * (poolIntervalMs + poolTimeoutMs), "ms"},
    };
    for (Figure* figure : {&figures.rate, &figures.out, &figures.lost, &figures.share, &figures.lostByLiving,
                           &figures.otherwise, &figures.lostAfter})
        findings.figures.push_back(std::move(*figure));
    return findings;
}

} // namespace dyad::bench
