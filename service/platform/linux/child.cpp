// SPDX-License-Identifier: Apache-2.0
#include "platform/linux/child.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "platform/linux/monotonic_clock.h"
#include "platform/linux/system_error.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

namespace dyad::platform {
namespace {

enum class Step : int { Session, Directories, Descriptors, Groups, Group, User, Directory, Exec };

const char* toText(Step step) {
    switch (step) {
    case Step::Session: return "begin a session for";
    case Step::Directories: return "prepare";
    case Step::Descriptors: return "set the standard descriptors of";
    case Step::Groups: return "set the supplementary groups of";
    case Step::Group: return "set the group of";
    case Step::User: return "set the user of";
    case Step::Directory: return "enter the working directory of";
    case Step::Exec: return "run";
    }
    return "run";
}

struct Failure {
    Step step;
    int number;
};

// All that the child needs, ready before the fork: between fork and exec it may only make system calls, because
// another thread of ours may have held any lock at the moment of the fork.
struct Prepared {
    std::vector<char*> arguments;
    std::vector<char*> environment;
    const ChildSetup* setup = nullptr;
    int input = -1;
    int output = -1;
    int report = -1;
};

std::vector<char*> pointersTo(const std::vector<std::string>& words) {
    std::vector<char*> pointers;
    for (const std::string& word : words)
        pointers.push_back(const_cast<char*>(word.c_str())); // execve(2) changes nothing
    pointers.push_back(nullptr);
    return pointers;
}

// Says it to startChild(), and, for the case that it doesn't wait any more, in words to the output.
[[noreturn]] void giveUp(const Prepared& prepared, Step step) {
    const Failure failure{step, errno};
    ::signal(SIGPIPE, SIG_IGN); // nobody may be left to read the report
    [[maybe_unused]] ssize_t written = ::write(prepared.report, &failure, sizeof failure);
    char number[16] = {};
    std::size_t at = sizeof number;
    for (int rest = failure.number; rest > 0 && at > 0; rest /= 10)
        number[--at] = static_cast<char>('0' + rest % 10);
    const char* reason = ::strerrordesc_np(failure.number); // never translated: takes no lock
    const char* words[] = {toText(step), " ", prepared.arguments.front(), ": ", reason != nullptr ? reason : "error",
                           " ("};
    std::array<iovec, std::size(words) + 2> parts{};
    for (std::size_t i = 0; i < std::size(words); ++i)
        parts[i] = {const_cast<char*>(words[i]), std::strlen(words[i])};
    parts[std::size(words)] = {number + at, sizeof number - at};
    parts[std::size(words) + 1] = {const_cast<char*>(")\n"), 2};
    written = ::writev(prepared.output, parts.data(), static_cast<int>(parts.size()));
    ::_exit(notRunCode);
}

[[noreturn]] void becomeProgram(Prepared prepared) {
    const ChildSetup& setup = *prepared.setup;
    if (::setsid() < 0) giveUp(prepared, Step::Session);
    ::umask(022);

    // Numbers below 3 may be in use by the descriptors themselves where our own standard ones were closed: dup2 to the
    // same number would keep O_CLOEXEC. startChild() keeps ours above 2, so that this can't be.
    const int errors = setup.output == ChildSetup::Output::CaptureWithoutErrors ? prepared.input : prepared.output;
    if (::dup2(prepared.input, 0) < 0 || ::dup2(prepared.output, 1) < 0 || ::dup2(errors, 2) < 0)
        giveUp(prepared, Step::Descriptors);
    prepared.output = 1;
    // What is ours is closed here and now, not only by the exec: a child that hangs in it would keep our locks and
    // connections when we are long gone. The report becomes number 3.
    if (prepared.report != 3) {
        if (::dup3(prepared.report, 3, O_CLOEXEC) < 0) giveUp(prepared, Step::Descriptors);
        prepared.report = 3;
    }
    if (::syscall(SYS_close_range, 4U, ~0U, 0U) != 0) giveUp(prepared, Step::Descriptors);

    if (setup.user) {
        if (::setgroups(setup.user->groups.size(), setup.user->groups.data()) != 0) giveUp(prepared, Step::Groups);
        if (::setresgid(setup.user->group, setup.user->group, setup.user->group) != 0) giveUp(prepared, Step::Group);
        if (::setresuid(setup.user->user, setup.user->user, setup.user->user) != 0) giveUp(prepared, Step::User);
    }
    if (::chdir(setup.workingDirectory.c_str()) != 0) giveUp(prepared, Step::Directory);

    struct sigaction standard {};
    standard.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; ++number)
        ::sigaction(number, &standard, nullptr);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);

    ::execve(prepared.arguments.front(), prepared.arguments.data(), prepared.environment.data());
    giveUp(prepared, Step::Exec);
}

// A copy above the standard descriptors, closed on exec.
Result<FileDescriptor> aboveStandard(FileDescriptor descriptor, const std::string& what) {
    if (!descriptor.valid()) return systemError("open", what, errno);
    if (descriptor.get() > 2) return descriptor;
    FileDescriptor copy(::fcntl(descriptor.get(), F_DUPFD_CLOEXEC, 3));
    if (!copy.valid()) return systemError("open", what, errno);
    return copy;
}

Result<std::array<FileDescriptor, 2>> makePipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return systemError("make", "a pipe", errno);
    Result<FileDescriptor> reading = aboveStandard(FileDescriptor(ends[0]), "a pipe");
    Result<FileDescriptor> writing = aboveStandard(FileDescriptor(ends[1]), "a pipe");
    if (!reading) return reading.error();
    if (!writing) return writing.error();
    return std::array<FileDescriptor, 2>{std::move(reading).value(), std::move(writing).value()};
}

// What became of the exec: nothing (the pipe closed by itself), a Failure, or no word in time, which is no error.
Result<void> awaitExec(const FileDescriptor& report, const std::string& program) {
    const Instant deadline = monotonicNow() + maxExecWait;
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - monotonicNow());
        pollfd wanted{report.get(), POLLIN, 0};
        const int ready = ::poll(&wanted, 1, left.count() > 0 ? static_cast<int>(left.count()) : 0);
        if (ready < 0 && errno == EINTR) continue;
        if (ready == 0) return {};
        if (ready < 0) return systemError("wait for the start of", program, errno);
        Failure failure{};
        const ssize_t count = ::read(report.get(), &failure, sizeof failure);
        if (count < 0 && errno == EINTR) continue;
        if (count == 0) return {};
        if (count != static_cast<ssize_t>(sizeof failure)) return systemError("run", program, EIO);
        return systemError(toText(failure.step), program, failure.number);
    }
}

Result<FileDescriptor> openOutput(const ChildSetup& setup, FileDescriptor& pipeForReader) {
    switch (setup.output) {
    case ChildSetup::Output::Discard: break;
    case ChildSetup::Output::File:
        return aboveStandard(FileDescriptor(::open(setup.outputFile.c_str(),
                                                   O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640)),
                             setup.outputFile);
    case ChildSetup::Output::Capture:
    case ChildSetup::Output::CaptureWithoutErrors: {
        Result<std::array<FileDescriptor, 2>> pipe = makePipe();
        if (!pipe) return pipe.error();
        pipeForReader = std::move(pipe.value()[0]);
        if (::fcntl(pipeForReader.get(), F_SETFL, O_NONBLOCK) != 0) return systemError("make", "a pipe", errno);
        return std::move(pipe.value()[1]);
    }
    }
    return aboveStandard(FileDescriptor(::open("/dev/null", O_WRONLY | O_CLOEXEC)), "/dev/null");
}

} // namespace

std::string ChildEnd::text() const {
    if (!signalled) return "exit code " + std::to_string(code);
    const char* name = ::sigdescr_np(code);
    return "killed by signal " + std::to_string(code) + (name != nullptr ? " (" + std::string(name) + ")" : "");
}

Result<Child> startChild(const ChildSetup& setup) {
    if (setup.command.empty() || setup.command.front().empty() || setup.command.front().front() != '/')
        return Error{"run", setup.command.empty() ? "a command" : setup.command.front(),
                     "the program is not given by an absolute path", "Write the whole path of the program"};
    const std::string& program = setup.command.front();

    Child child;
    Result<FileDescriptor> input =
        aboveStandard(FileDescriptor(::open("/dev/null", O_RDWR | O_CLOEXEC)), "/dev/null");
    if (!input) return input.error();
    Result<FileDescriptor> output = openOutput(setup, child.output);
    if (!output) return output.error();
    Result<std::array<FileDescriptor, 2>> report = makePipe();
    if (!report) return report.error();

    const Prepared prepared{pointersTo(setup.command), pointersTo(setup.environment), &setup,
                            input.value().get(),       output.value().get(),          report.value()[1].get()};

    // No handler of ours may run in the child before it has set the default ones.
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    const pid_t pid = ::fork();
    if (pid == 0) becomeProgram(prepared);
    const int forkError = errno;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (pid < 0) return systemError("fork for", program, forkError);

    // Nobody else collects our children, so that the number can't have changed hands.
    child.pidfd.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
    const int openError = errno;
    report.value()[1].reset();
    const Result<void> running = child.pidfd.valid() ? awaitExec(report.value()[0], program)
                                                     : Result<void>(systemError("open process of", program, openError));
    const Result<ProcessIdentity> identity = identityOf(pid);
    if (running && identity) {
        child.identity = identity.value();
        return child;
    }
    ::kill(pid, SIGKILL); // still ours: not yet collected
    // It is on its last steps. If even these take longer, init gets it in the end.
    const Instant deadline = monotonicNow() + maxExecWait;
    while (::waitpid(pid, nullptr, WNOHANG) == 0 && monotonicNow() < deadline)
        ::usleep(1000);
    return running ? identity.error() : running.error();
}

namespace {

Result<std::optional<ChildEnd>> ask(const FileDescriptor& pidfd, int options) {
    siginfo_t information{};
    if (::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd.get()), &information, options) != 0)
        return systemError("collect", "a process", errno);
    if (information.si_pid == 0) return std::optional<ChildEnd>();
    return std::optional<ChildEnd>(ChildEnd{information.si_code != CLD_EXITED, information.si_status});
}

} // namespace

Result<std::optional<ChildEnd>> howEnded(const FileDescriptor& pidfd) {
    return ask(pidfd, WEXITED | WNOHANG | WNOWAIT);
}

Result<std::optional<ChildEnd>> reap(const FileDescriptor& pidfd) { return ask(pidfd, WEXITED | WNOHANG); }

} // namespace dyad::platform
