// SPDX-License-Identifier: Apache-2.0
#include "cli/order_question.h"

#include "cli/output.h"

#include <iostream>
#include <unistd.h>

namespace dyad::cli {
namespace {

std::string lineRead() {
    std::string line;
    std::getline(std::cin, line); // the end of the input is an empty line: no
    return line;
}

} // namespace

bool somebodyIsThere() { return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1; }

bool askYesOrNo(const std::string& question) {
    print(question + " [y/N] ");
    const std::string answer = lineRead();
    return answer == "y" || answer == "Y" || answer == "yes";
}

bool askToWrite(const std::string& words) {
    print("To confirm, write: " + words + "\n> ");
    return lineRead() == words;
}

} // namespace dyad::cli
