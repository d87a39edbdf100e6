// SPDX-License-Identifier: Apache-2.0
// Brings a planned fault about, and heals it. Knows what is wrong on purpose at any moment, so that overlapping faults
// end one by one.
#pragma once

#include "lab/chaos/delay_relay.h"
#include "lab/chaos/fault.h"
#include "lab/chaos/orders.h"
#include "lab/network.h"

#include <array>
#include <atomic>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>

namespace dyad::lab {

// A fault whose host is known by name.
struct ActiveFault {
    PlannedFault planned;
    std::string host; // empty where no single host is meant
    Instant began;
    Instant healed;     // none, the origin: it has no end, or not yet
    std::string remark; // for the report: what an order was answered, what could not be done
};

class Injector {
public:
    // What is meant by "owner" while the floating address is on neither host: the last one that had it.
    void setLastOwner(const std::string& host) { m_lastOwner = host; }

    // Never fails for what the pair does: a fault that can't be brought about now (a host that is off can't be frozen)
    // says so in its remark. An Error is one of the lab.
    [[nodiscard]] Result<ActiveFault> begin(const PlannedFault& planned);
    [[nodiscard]] Result<void> end(ActiveFault& fault);
    // A host was powered on: what is wrong with its cables on purpose is so again.
    [[nodiscard]] Result<void> reapply();
    // What takes more than one try: a full filesystem can be emptied only where and when it is mounted. True when
    // nothing is left to do.
    [[nodiscard]] bool repair();
    // Everything, whatever is active; both hosts are powered on.
    [[nodiscard]] Result<void> healAll();

    [[nodiscard]] bool isWantedOff(const std::string& host) const { return m_off.contains(host) && m_off.at(host) > 0; }
    // May be asked from another thread.
    [[nodiscard]] bool isFrozen(const std::string& host) const { return frozen(host) > 0; }
    [[nodiscard]] bool isArrayOff() const { return m_arrayOff > 0; }
    [[nodiscard]] OrderDesk& orders() { return m_orders; }

private:
    [[nodiscard]] std::atomic<int>& frozen(const std::string& host) { return m_frozen[host == "alpha" ? 0 : 1]; }
    [[nodiscard]] const std::atomic<int>& frozen(const std::string& host) const {
        return m_frozen[host == "alpha" ? 0 : 1];
    }
    [[nodiscard]] std::string resolve(const std::string& host) const;
    [[nodiscard]] Result<void> switchOff(const std::string& host, bool inOrder);
    [[nodiscard]] Result<void> switchOn(const std::string& host);
    [[nodiscard]] Result<void> beginNetwork(const ActiveFault& fault);
    [[nodiscard]] Result<void> killPrograms(ActiveFault& fault);
    void fillLun(ActiveFault& fault);

    struct NetworkFault {
        Instant began; // names it
        std::vector<Interference> rules;
        std::vector<std::string> pulled;
        std::vector<std::unique_ptr<DelayRelay>> relays;
    };
    std::string m_lastOwner = "alpha";
    std::list<NetworkFault> m_network;
    std::map<std::string, int> m_off;
    std::array<std::atomic<int>, 2> m_frozen{}; // of alpha, of beta
    int m_arrayOff = 0;
    int m_arraySlow = 0;
    std::set<std::string> m_toEmpty; // mount points of filesystems that were filled up
    OrderDesk m_orders;
};

} // namespace dyad::lab
