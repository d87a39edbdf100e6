// SPDX-License-Identifier: Apache-2.0
#include "agents/systemd_unit.h"

namespace dyad::agents {

namespace {

std::string signalFrom(const std::string& path, const std::string& interface, const std::string& member) {
    return "type='signal',sender='" + std::string(systemdName) + "',path='" + path + "',interface='" + interface +
           "',member='" + member + "'";
}

BusCall askManager(const char* member, std::vector<BusArgument> arguments) {
    return {systemdName, systemdPath, systemdManager, member, std::move(arguments)};
}

} // namespace

SystemdUnit::SystemdUnit(std::string unit, std::string busAddress)
    : m_unit(std::move(unit)), m_bus(std::move(busAddress)), m_retry([this] { begin(); }) {
    m_bus.onOpen = [this] {
        m_bus.listen(signalFrom(systemdPath, systemdManager, "JobRemoved"),
                     [this](sd_bus_message* signal) { jobRemoved(signal); });
        // Its units were read anew: this one may be another, or gone.
        m_bus.listen(signalFrom(systemdPath, systemdManager, "Reloading"), [this](sd_bus_message*) { look(); });
        m_bus.listen("type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
                     "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='" +
                         std::string(systemdName) + "'",
                     [this](sd_bus_message* signal) {
                         const char* name = nullptr;
                         const char* before = nullptr;
                         const char* after = nullptr;
                         if (sd_bus_message_read(signal, "sss", &name, &before, &after) < 0) return;
                         away("systemd has left the bus");
                         if (*after != '\0') begin();
                     });
        begin();
    };
    m_bus.onLost = [this](const std::string& why) { away(why); };
}

void SystemdUnit::begin() {
    m_retry.stop();
    const auto failed = [this](const std::string& why) {
        away(why);
        if (m_bus.isOpen()) m_retry.start(systemdRetryTime);
    };
    // Its signals are sent to those alone who asked for them.
    m_bus.call(askManager("Subscribe", {}), [](sd_bus_message*, const std::string&) {});
    m_bus.call(askManager("LoadUnit", {m_unit}), [this, failed](sd_bus_message* answer, const std::string& error) {
        const char* path = nullptr;
        if (answer == nullptr || sd_bus_message_read(answer, "o", &path) < 0) return failed(error);
        m_path = path;
        m_bus.listen(signalFrom(m_path, busProperties, "PropertiesChanged"),
                     [this](sd_bus_message* signal) { propertiesChanged(signal); });
        look();
    });
}

void SystemdUnit::away(const std::string& why) {
    m_trouble = why;
    m_path.clear();
    m_looking = m_lookAgain = false;
    m_jobEnded = nullptr;
    m_job.clear();
    m_removed.clear();
    m_known = false;
    if (onAway) onAway(why);
}

void SystemdUnit::look() {
    if (m_path.empty()) return; // it will be looked at as soon as systemd is there
    if (m_looking) {
        m_lookAgain = true;
        return;
    }
    m_looking = true;
    m_bus.call({systemdName, m_path, busProperties, "GetAll", {std::string()}},
               [this, path = m_path](sd_bus_message* answer, const std::string& error) {
                   if (path != m_path) return;
                   m_looking = false;
                   if (std::exchange(m_lookAgain, false)) return look(); // what came is old already
                   model::UnitFacts facts;
                   if (answer == nullptr || readUnitProperties(answer, facts) < 0) {
                       away(error.empty() ? "what systemd says of " + m_unit + " can't be read" : error);
                       if (m_bus.isOpen()) m_retry.start(systemdRetryTime);
                       return;
                   }
                   m_known = true;
                   if (onFacts) onFacts(facts, std::exchange(m_wasDown, false));
               });
}

// The signal alone is not the truth (it names what has changed, and several changes may be told as one), but a moment
// in which the unit was down must not be missed.
void SystemdUnit::propertiesChanged(sd_bus_message* signal) {
    const char* interface = nullptr;
    if (sd_bus_message_read(signal, "s", &interface) < 0 || std::string(interface) != systemdUnitInterface) return;
    model::UnitFacts changed;
    if (readUnitProperties(signal, changed) < 0) return;
    if (changed.active == "inactive" || changed.active == "failed" || changed.sub == "auto-restart") m_wasDown = true;
    look();
}

void SystemdUnit::start(JobEnded ended) {
    // Otherwise systemd refuses what has failed a few times: how often it is tried is the group's affair.
    m_bus.call(askManager("ResetFailedUnit", {m_unit}), [](sd_bus_message*, const std::string&) {});
    job("StartUnit", std::move(ended));
}

void SystemdUnit::stop(JobEnded ended) { job("StopUnit", std::move(ended)); }

void SystemdUnit::kill() {
    m_bus.call(askManager("KillUnit", {m_unit, std::string("all"), std::int32_t{9}}),
               [](sd_bus_message*, const std::string&) {});
}

void SystemdUnit::job(const char* member, JobEnded ended) {
    const std::uint64_t number = ++m_jobNumber;
    m_job.clear();
    m_removed.clear();
    m_jobEnded = std::move(ended);
    m_bus.call(askManager(member, {m_unit, std::string("replace")}),
               [this, number, member](sd_bus_message* answer, const std::string& error) {
                   if (number != m_jobNumber || !m_jobEnded) return;
                   const char* path = nullptr;
                   if (answer == nullptr || sd_bus_message_read(answer, "o", &path) < 0) {
                       const JobEnded refused = std::exchange(m_jobEnded, nullptr);
                       return refused(Error{std::string("have systemd ") + member, m_unit, error, ""});
                   }
                   m_job = path;
                   const auto removed = m_removed.find(m_job);
                   if (removed != m_removed.end()) endJob(removed->second);
               });
}

void SystemdUnit::jobRemoved(sd_bus_message* signal) {
    std::uint32_t id = 0;
    const char* path = nullptr;
    const char* unit = nullptr;
    const char* result = nullptr;
    if (!m_jobEnded || sd_bus_message_read(signal, "uoss", &id, &path, &unit, &result) < 0) return;
    if (m_job.empty()) { // its end may be told before its path is
        if (m_removed.size() < maxRemovedJobs) m_removed[path] = result;
    } else if (m_job == path) {
        endJob(result);
    }
}

void SystemdUnit::endJob(const std::string& result) {
    m_job.clear();
    m_removed.clear();
    const JobEnded ended = std::exchange(m_jobEnded, nullptr);
    if (ended) ended(std::string(result));
}

} // namespace dyad::agents
