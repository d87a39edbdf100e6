// SPDX-License-Identifier: Apache-2.0
// Runs other programs: one that ends soon, and one that stays.
#pragma once

#include "base/errno_text.h"
#include "base/result.h"
#include "base/time.h"

#include <string>
#include <vector>

namespace dyad::lab {

struct CommandOutput {
    int exitStatus = 0; // 128 + signal where one ended it
    std::string text;   // standard output and standard error, in the order written; at most commandOutputBytes
};
inline constexpr std::size_t commandOutputBytes = 4 << 20;

struct CommandOptions {
    std::string input;                    // standard input
    std::string networkNamespace;         // path of a pinned network namespace; empty: the lab's own
    Duration deadline{60s};               // then SIGKILL to the program, and an Error
    std::vector<std::string> environment; // NAME=value, added
};

// Blocks until the program has ended. Any exit status is a value; only a program that can't run is an Error.
[[nodiscard]] Result<CommandOutput> run(const std::vector<std::string>& command, const CommandOptions& options = {});
// The same, but any exit status other than 0 is an Error that quotes the output.
[[nodiscard]] Result<std::string> runWell(const std::vector<std::string>& command, const CommandOptions& options = {});

// Starts `dyad-lab COMMAND...` in a session of its own, so that it outlives this process. It reports through file
// descriptor readyDescriptor: "ready" or the reason why not. Blocks until it has, or until the deadline.
inline constexpr int readyDescriptor = 3;
[[nodiscard]] Result<void> startDetached(const std::vector<std::string>& command, const std::string& logFile,
                                         Duration deadline);
// The other end of it: called once by the program that was started so. An empty text means ready.
void reportReady(const std::string& trouble);

} // namespace dyad::lab
