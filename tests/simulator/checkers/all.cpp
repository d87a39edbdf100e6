// SPDX-License-Identifier: Apache-2.0
#include "checkers/all.h"

namespace dyad::simulator {

std::vector<std::unique_ptr<Checker>> allCheckers(const model::Configuration& configuration) {
    std::vector<std::unique_ptr<Checker>> all;
    all.push_back(makeTwoWriters());
    all.push_back(makeRecords());
    all.push_back(makeStartWithoutLease());
    all.push_back(makeOnlyOwnerRegistered());
    all.push_back(makeSilence());
    all.push_back(makeOneAddress());
    all.push_back(makeOrders());
    all.push_back(makePartition());
    all.push_back(makeAlarms(configuration));
    all.push_back(makeFlood());
    all.push_back(makeLiveness());
    return all;
}

} // namespace dyad::simulator
