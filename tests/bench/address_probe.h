// SPDX-License-Identifier: Apache-2.0
// Asks the floating address for an answer every 5 ms by UDP, from the client's namespace.
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <memory>

namespace dyad::bench {

class AddressProbe {
public:
    AddressProbe();
    ~AddressProbe();
    AddressProbe(const AddressProbe&) = delete;
    AddressProbe& operator=(const AddressProbe&) = delete;

    [[nodiscard]] Result<void> start();
    void restartGap();
    [[nodiscard]] Duration longestGap() const; // between two answers
    [[nodiscard]] Instant lastAnswer() const;
    [[nodiscard]] bool waitForAnswer(Duration deadline) const; // to a question asked after the call

private:
    struct State;
    std::unique_ptr<State> m_state;
};

} // namespace dyad::bench
