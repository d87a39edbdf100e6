// SPDX-License-Identifier: Apache-2.0
// Every checker there is.
#pragma once

#include "checkers/checker.h"
#include "model/configuration.h"

#include <memory>
#include <vector>

namespace dyad::simulator {

[[nodiscard]] std::vector<std::unique_ptr<Checker>> allCheckers(const model::Configuration& configuration);

// One each, for allCheckers() and for the tests of the checkers themselves.
[[nodiscard]] std::unique_ptr<Checker> makeTwoWriters();          // nothing of an old owner lands after a claim was won
[[nodiscard]] std::unique_ptr<Checker> makeRecords();             // what was acknowledged stays, and is there once
[[nodiscard]] std::unique_ptr<Checker> makeStartWithoutLease();   // S1
[[nodiscard]] std::unique_ptr<Checker> makeOnlyOwnerRegistered(); // S2
[[nodiscard]] std::unique_ptr<Checker> makeSilence();             // S3, S4: who has lost its lease is silent in time
[[nodiscard]] std::unique_ptr<Checker> makeOneAddress();          // once the loser can act
[[nodiscard]] std::unique_ptr<Checker> makeOrders();              // every order of an operator is answered
[[nodiscard]] std::unique_ptr<Checker> makePartition();           // L2: when links alone fail nothing moves
[[nodiscard]] std::unique_ptr<Checker>
makeAlarms(const model::Configuration& configuration); // what an alarm says is so
[[nodiscard]] std::unique_ptr<Checker> makeFlood();    // the array is not flooded, no engine spins
[[nodiscard]] std::unique_ptr<Checker> makeLiveness(); // what can run, runs, on one node, and stays there

// How long after everything was healed the last group must run.
[[nodiscard]] Duration livenessBound(const engine::Timeouts& timeouts);

} // namespace dyad::simulator
