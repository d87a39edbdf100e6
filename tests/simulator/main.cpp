// SPDX-License-Identifier: Apache-2.0
// dyad-sim: see campaign/arguments.cpp for its options and README.md for what it is.
#include "campaign/run.h"

int main(int count, char** words) {
    return dyad::simulator::run(std::vector<std::string>(words + 1, words + count), dyad::simulator::Lives());
}
