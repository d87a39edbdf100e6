// SPDX-License-Identifier: Apache-2.0
// Starts a program. The child leads a session of its own, has the environment that it is given and nothing else,
// default signal handlers, and no descriptor of ours but its standard ones.
//
// Every child outlives us: nothing ties it to our death (no PR_SET_PDEATHSIG, own session, and with Output::Discard or
// Output::File no pipe of ours). While we live it is our child, so that its pid can't be given to another process
// before reap(); when we end, init inherits it. A later life of the service finds it again by its identity
// (process_identity.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "platform/linux/file_descriptor.h"
#include "platform/linux/process_identity.h"
#include "platform/linux/user_account.h"

namespace dyad::platform {

// How long startChild() waits for the program to run. Longer only where its file lies on a disk that doesn't answer.
inline constexpr Duration maxExecWait = 200ms;
// The exit code of a child that couldn't run its program after all; as shells have it.
inline constexpr int notRunCode = 127;

struct ChildSetup {
    enum class Output { Discard, Capture, CaptureWithoutErrors, File };

    std::vector<std::string> command;     // an absolute path, then the arguments
    std::vector<std::string> environment; // exact: "NAME=value"
    std::string workingDirectory = "/";
    std::optional<UserAccount> user; // none: our own
    Output output = Output::Discard; // of standard output and standard error, the latter discarded by
                                     // CaptureWithoutErrors; standard input is always /dev/null
    std::string outputFile;          // Output::File: appended to; made with mode 0640 where it isn't there
};

struct ChildEnd {
    bool signalled = false;
    int code = 0; // exit code, or the number of the signal

    [[nodiscard]] bool clean() const { return !signalled && code == 0; }
    // "exit code 3", "killed by signal 9 (Killed)"
    [[nodiscard]] std::string text() const;
};

struct Child {
    ProcessIdentity identity;
    FileDescriptor pidfd;  // readable once the child has ended
    FileDescriptor output; // Output::Capture...: the reading end of a pipe, non-blocking; the reader sets the bound
};

// Returns when the program runs (the exec has succeeded), a few hundred microseconds as a rule, and after maxExecWait
// in any case: a child that is still on its way to its program then is given out like any other one. If it fails later,
// it ends with notRunCode, and the last line of its output says what it couldn't do, with the errno. Error: what
// couldn't be done in the child within maxExecWait, with its errno; nothing is left behind then.
[[nodiscard]] Result<Child> startChild(const ChildSetup& setup);

// How the process ended, as reap(), but leaves it to be collected: its pid and its session's number stay its own till
// then.
[[nodiscard]] Result<std::optional<ChildEnd>> howEnded(const FileDescriptor& pidfd);

// How the process ended; none while it runs. Collects it (no zombie is left). Doesn't block.
// Error ECHILD in words: it isn't our child (adopted from an earlier life) or was collected already; hasEnded() tells
// then.
[[nodiscard]] Result<std::optional<ChildEnd>> reap(const FileDescriptor& pidfd);

} // namespace dyad::platform
