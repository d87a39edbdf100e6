// SPDX-License-Identifier: Apache-2.0
#include "lab/command.h"

#include "lab/paths.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <poll.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace dyad::lab {

namespace {

using Clock = std::chrono::steady_clock;

constexpr Duration reapPatience = 1s; // of what was killed but hangs in the kernel

int remainingMs(Clock::time_point until) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    return left < 0 ? 0 : static_cast<int>(left);
}

std::vector<char*> pointers(const std::vector<std::string>& words) {
    std::vector<char*> list;
    for (const auto& word : words)
        list.push_back(const_cast<char*>(word.c_str()));
    list.push_back(nullptr);
    return list;
}

std::string joined(const std::vector<std::string>& words) {
    std::string line;
    for (const auto& word : words)
        line += (line.empty() ? "" : " ") + word;
    return line;
}

std::vector<pid_t> childrenOf(pid_t parent) {
    const std::string process = "/proc/" + std::to_string(parent);
    std::ifstream file(process + "/task/" + std::to_string(parent) + "/children");
    std::vector<pid_t> children;
    for (pid_t child = 0; file >> child;)
        children.push_back(child);
    return children;
}

// nsenter's child in a host is not nsenter: it is ended, too. It becomes ours to reap where we are its subreaper, and a
// host can't be switched off before that.
void endWithChildren(pid_t child) {
    const std::vector<pid_t> children = childrenOf(child);
    for (const pid_t each : children)
        kill(each, SIGKILL);
    kill(child, SIGKILL);
    while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
    const auto until = Clock::now() + reapPatience;
    for (const pid_t each : children)
        while (waitpid(each, nullptr, WNOHANG) == 0 && Clock::now() < until)
            std::this_thread::sleep_for(1ms);
}

} // namespace

Result<CommandOutput> run(const std::vector<std::string>& command, const CommandOptions& options) {
    int input[2];
    int output[2];
    if (pipe2(input, O_CLOEXEC) != 0) return Error{"make a pipe", "", errnoText(errno), ""};
    if (pipe2(output, O_CLOEXEC) != 0) {
        close(input[0]);
        close(input[1]);
        return Error{"make a pipe", "", errnoText(errno), ""};
    }
    int network = -1;
    if (!options.networkNamespace.empty()) {
        network = open(options.networkNamespace.c_str(), O_RDONLY | O_CLOEXEC);
        if (network < 0) {
            for (int end : {input[0], input[1], output[0], output[1]})
                close(end);
            return Error{"open the network namespace", options.networkNamespace, errnoText(errno), "Is the lab up?"};
        }
    }
    std::vector<std::string> environment;
    for (char** entry = environ; *entry != nullptr; ++entry)
        environment.emplace_back(*entry);
    environment.emplace_back("LC_ALL=C.UTF-8");
    for (const auto& entry : options.environment)
        environment.push_back(entry);
    const auto arguments = pointers(command);
    const auto surroundings = pointers(environment);

    // Between fork and exec only calls that are safe in a program with threads.
    const pid_t child = fork();
    if (child == 0) {
        dup2(input[0], 0);
        dup2(output[1], 1);
        dup2(output[1], 2);
        if (network >= 0 && setns(network, CLONE_NEWNET) != 0) _exit(126);
        execvpe(arguments[0], arguments.data(), surroundings.data());
        _exit(127);
    }
    close(input[0]);
    close(output[1]);
    if (network >= 0) close(network);
    if (child < 0) {
        close(input[1]);
        close(output[0]);
        return Error{"fork for", joined(command), errnoText(errno), ""};
    }

    // The inputs here are a few hundred bytes: they fit the pipe, and a program that doesn't read them is no trouble.
    if (!options.input.empty()) [[maybe_unused]]
        const auto written = write(input[1], options.input.data(), options.input.size());
    close(input[1]);

    CommandOutput result;
    const auto until = Clock::now() + options.deadline;
    std::array<char, 65536> buffer;
    while (true) {
        pollfd readable{output[0], POLLIN, 0};
        const int ready = poll(&readable, 1, remainingMs(until));
        if (ready < 0 && errno == EINTR) continue;
        if (ready == 0) {
            close(output[0]);
            endWithChildren(child);
            return Error{"run", joined(command), "not finished after " + toText(options.deadline), ""};
        }
        const auto got = read(output[0], buffer.data(), buffer.size());
        if (got <= 0) break;
        const auto room = commandOutputBytes - result.text.size();
        result.text.append(buffer.data(), std::min(room, static_cast<std::size_t>(got)));
    }
    close(output[0]);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    result.exitStatus = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (result.exitStatus == 127 && result.text.empty())
        return Error{"run", command.front(), "no such program",
                     "Install the package that has it (scripts/setup-packages)."};
    return result;
}

Result<std::string> runWell(const std::vector<std::string>& command, const CommandOptions& options) {
    auto result = run(command, options);
    if (!result) return result.error();
    if (result.value().exitStatus != 0)
        return Error{"run", joined(command),
                     "exit status " + std::to_string(result.value().exitStatus) + ": " + result.value().text, ""};
    return std::move(result.value().text);
}

Result<void> startDetached(const std::vector<std::string>& command, const std::string& logFile, Duration deadline) {
    std::vector<std::string> whole{programPath("dyad-lab")};
    whole.insert(whole.end(), command.begin(), command.end());
    const auto arguments = pointers(whole);
    int ready[2];
    if (pipe2(ready, O_CLOEXEC) != 0) return Error{"make a pipe", "", errnoText(errno), ""};
    const int log = open(logFile.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (log < 0) {
        close(ready[0]);
        close(ready[1]);
        return Error{"open the log", logFile, errnoText(errno), ""};
    }
    const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    const pid_t child = fork();
    if (child == 0) {
        setsid();
        dup2(nothing, 0);
        dup2(log, 1);
        dup2(log, 2);
        if (ready[1] == readyDescriptor)
            fcntl(readyDescriptor, F_SETFD, 0);
        else
            dup2(ready[1], readyDescriptor);
        execv(arguments[0], arguments.data());
        _exit(127);
    }
    close(ready[1]);
    close(log);
    close(nothing);
    if (child < 0) {
        close(ready[0]);
        return Error{"fork for", joined(whole), errnoText(errno), ""};
    }

    std::string answer;
    const auto until = Clock::now() + deadline;
    bool late = false;
    while (answer.find('\n') == std::string::npos) {
        pollfd readable{ready[0], POLLIN, 0};
        const int woken = poll(&readable, 1, remainingMs(until));
        if (woken < 0 && errno == EINTR) continue;
        if (woken == 0) {
            late = true;
            break;
        }
        char buffer[1024];
        const auto got = read(ready[0], buffer, sizeof buffer);
        if (got <= 0) break;
        answer.append(buffer, static_cast<std::size_t>(got));
    }
    close(ready[0]);
    if (late) kill(child, SIGKILL);
    // What it started lives in a pid namespace of its own; the process started here ends by itself once that runs.
    while (waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
    }
    if (answer == "ready\n") return {};
    if (late) return Error{"start", joined(whole), "not ready after " + toText(deadline), "See " + logFile};
    return Error{"start", joined(whole), answer.empty() ? "ended before it was ready" : answer, "See " + logFile};
}

void reportReady(const std::string& trouble) {
    const std::string line = trouble.empty() ? "ready\n" : trouble + "\n";
    [[maybe_unused]] const auto written = write(readyDescriptor, line.data(), line.size());
    close(readyDescriptor);
}

} // namespace dyad::lab
