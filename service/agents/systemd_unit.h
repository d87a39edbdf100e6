// SPDX-License-Identifier: Apache-2.0
// One unit of systemd, by org.freedesktop.systemd1(5) on the system's bus: what it is now, told anew whenever that
// changes, and its jobs. Nothing blocks, nothing is polled.
//
//   bus there → Subscribe, LoadUnit → listen to the unit's path → GetAll → facts
//   StartUnit "replace" → the job's path → JobRemoved with this path: its result
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agents/bus_connection.h"
#include "agents/unit_look.h"
#include "base/result.h"

namespace dyad::agents {

inline constexpr Duration systemdRetryTime = 1s;   // the bus is there, systemd isn't on it
inline constexpr std::size_t maxRemovedJobs = 256; // that ended before the answer which names ours

class SystemdUnit {
public:
    SystemdUnit(std::string unit, std::string busAddress);

    // What the unit is. `wasDown`: it was not active at some moment since the last call.
    std::function<void(const model::UnitFacts& facts, bool wasDown)> onFacts;
    // Until the next onFacts nothing is known of it. A job that went on is not answered any more.
    std::function<void(const std::string& why)> onAway;

    // Connects, and stays connected.
    void open() { m_bus.open(); }
    [[nodiscard]] bool known() const { return m_known; }
    [[nodiscard]] const std::string& trouble() const { return m_trouble; } // where nothing is known

    // The job's result as systemd words it ("done", "failed", "timeout", "canceled", "dependency", "skipped"), or why
    // there is no job. A later start() or stop() takes an earlier one's place, which is not answered any more.
    using JobEnded = std::function<void(const Result<std::string>& result)>;
    void start(JobEnded ended);
    void stop(JobEnded ended);
    // SIGKILL to every process of the unit; what comes of it is seen in its facts.
    void kill();
    // onFacts is called again, with what is true from now on.
    void look();

private:
    void begin();
    void away(const std::string& why);
    void job(const char* member, JobEnded ended);
    void jobRemoved(sd_bus_message* signal);
    void propertiesChanged(sd_bus_message* signal);
    void endJob(const std::string& result);

    std::string m_unit;
    BusConnection m_bus;
    Timer m_retry;
    std::string m_path; // of the unit, on the bus
    bool m_known = false;
    bool m_looking = false;
    bool m_lookAgain = false;
    bool m_wasDown = false;
    std::string m_trouble = "it was not asked yet";

    std::uint64_t m_jobNumber = 0; // of the call; an answer to an earlier one is dropped
    std::string m_job;             // its path, once it is known
    JobEnded m_jobEnded;
    std::map<std::string, std::string> m_removed; // job → result, while the path of ours isn't known yet
};

} // namespace dyad::agents
