// SPDX-License-Identifier: Apache-2.0
// A running pair with a client, shared by the tests of one file. Each test begins with both hosts on and the group
// "erp" on alpha; recover() brings that about again after whatever the test did.
#pragma once

#include "lab/aftermath.h"
#include "lab/array.h"
#include "lab/client.h"
#include "lab/host.h"
#include "lab/journal.h"
#include "lab/network.h"
#include "lab/pair.h"
#include "lab/world.h"
#include "lab/write_probe.h"
#include "told.h"

#include <QTest>

#include <memory>
#include <sys/prctl.h>

#define VERIFY_WELL(result)                                                                                            \
    do {                                                                                                               \
        const auto& outcome = (result);                                                                                \
        QVERIFY2(outcome.ok(), outcome.ok() ? "" : outcome.error().text().c_str());                                    \
    } while (false)

namespace dyad::lab {

class PairFixture {
public:
    [[nodiscard]] Result<void> bring(const PairSettings& settings) {
        prctl(PR_SET_CHILD_SUBREAPER, 1);
        if (auto up = bringUp({.pair = settings}); !up) return up;
        if (auto well = together(Instant()); !well) return well;
        if (!waitForLine("alpha", Instant(), "group_active", deadlockGuard, groupName))
            return Error{"wait for the group", groupName, "not active on alpha", ""};
        m_client = std::make_unique<Client>(ClientSettings{.loadConnections = 1});
        return m_client->start();
    }

    [[nodiscard]] Result<void> end() {
        m_client.reset();
        return takeDown();
    }

    [[nodiscard]] Client& client() { return *m_client; }

    // Every acknowledged row is there, once.
    [[nodiscard]] Result<void> rowsHold() {
        if (!m_client->waitForNewRow(deadlockGuard))
            return Error{"write", "through the floating address", "no row was acknowledged", ""};
        const auto verdict = m_client->verify();
        if (!verdict) return verdict.error();
        if (!verdict.value().holds())
            return Error{"read the rows back", "",
                         std::to_string(verdict.value().found) + " of " + std::to_string(verdict.value().acknowledged) +
                             " found, " + std::to_string(verdict.value().duplicates) + " twice",
                         ""};
        return {};
    }

    [[nodiscard]] Result<void> recover() {
        if (auto healed = healNetwork(); !healed) return healed;
        if (auto array = startArray(); !array) return array;
        for (const char* host : hostNames) {
            if (isOn(host)) continue;
            if (auto on = powerOn(host); !on) return on;
        }
        for (const char* host : hostNames)
            if (auto answers = waitForService(host, deadlockGuard); !answers) return answers;
        if (!m_client->waitForNewRow(deadlockGuard)) return Error{"recover", "", "the service does not come back", ""};
        if (ownerByAddress() != "alpha") {
            const Instant ordered = monotonicNow();
            // Refused as long as the peer is not heard well: asked again until it is.
            while (true) {
                if (ownerByAddress() == "alpha") break;
                const auto order = dyadOn("beta", {"switchback", groupName}, 30s);
                if (order && waitForOwner("alpha", deadlockGuard)) break;
                if (monotonicNow() - ordered > deadlockGuard)
                    return order ? Error{"recover", "", "alpha does not take over", ""} : order.error();
            }
        }
        if (!m_client->waitForNewRow(deadlockGuard)) return Error{"recover", "", "the service does not come back", ""};
        return {};
    }

    // For whoever reads a failed test.
    static void tell() { printAftermath(stderr); }

private:
    static Result<void> together(Instant since) {
        for (const char* host : hostNames)
            if (auto answers = waitForService(host, deadlockGuard); !answers) return answers;
        return waitForEachOther(since, deadlockGuard);
    }

    std::unique_ptr<Client> m_client;
};

} // namespace dyad::lab
