// SPDX-License-Identifier: Apache-2.0
#include "fake_systemd.h"

#include <QFile>

#include <csignal>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace dyad::fakes {

namespace {

constexpr const char* busName = "org.freedesktop.systemd1";
constexpr const char* managerPath = "/org/freedesktop/systemd1";
constexpr const char* managerInterface = "org.freedesktop.systemd1.Manager";
constexpr const char* unitInterface = "org.freedesktop.systemd1.Unit";
constexpr const char* propertiesInterface = "org.freedesktop.DBus.Properties";
const std::string unitFolder = "/org/freedesktop/systemd1/unit/";

std::string pathOf(const std::string& name) {
    std::string path = unitFolder;
    static constexpr const char* digits = "0123456789abcdef";
    for (const char letter : name)
        if (const auto each = static_cast<unsigned char>(letter); isalnum(each) != 0)
            path += letter;
        else
            path += {'_', digits[each / 16], digits[each % 16]};
    return path;
}

} // namespace

bool PrivateBus::start() {
    QFile file(m_folder + "/bus.conf");
    const QByteArray text = "<busconfig><type>system</type><listen>" + QByteArray::fromStdString(address()) +
                            "</listen><auth>EXTERNAL</auth><policy context='default'><allow user='*'/><allow own='*'/>"
                            "<allow send_destination='*'/><allow receive_sender='*'/></policy></busconfig>";
    if (!file.open(QIODevice::WriteOnly | QIODevice::Truncate) || file.write(text) != text.size()) return false;
    file.close();
    m_daemon.start("/usr/bin/dbus-daemon",
                   {"--nofork", "--nopidfile", "--print-address", "--config-file=" + file.fileName()});
    return m_daemon.waitForStarted() && m_daemon.waitForReadyRead(30000); // its address: it listens
}

void PrivateBus::stop() {
    if (m_daemon.state() == QProcess::NotRunning) return;
    m_daemon.kill();
    m_daemon.waitForFinished(-1);
    QFile::remove(m_folder + "/bus");
}

bool FakeSystemd::join(const std::string& address) {
    int result = sd_bus_new(&m_bus);
    if (result >= 0) result = sd_bus_set_address(m_bus, address.c_str());
    if (result >= 0) result = sd_bus_set_bus_client(m_bus, 1);
    if (result >= 0) result = sd_bus_start(m_bus);
    if (result >= 0) result = sd_bus_add_filter(m_bus, nullptr, &FakeSystemd::messageCame, this);
    if (result >= 0) result = sd_bus_request_name(m_bus, busName, 0);
    m_subscribed = false;
    if (result < 0) {
        m_bus = sd_bus_unref(m_bus);
        return false;
    }
    m_ending = false;
    m_wake = ::eventfd(0, EFD_CLOEXEC);
    m_thread = std::thread([this] { loop(); });
    return true;
}

void FakeSystemd::leave() {
    if (!m_thread.joinable()) return;
    m_ending = true;
    inLoop([] {});
    m_thread.join();
    ::close(m_wake);
    sd_bus_close(m_bus);
    m_bus = sd_bus_unref(m_bus);
    m_jobs.clear();
    m_tasks.clear();
}

void FakeSystemd::inLoop(std::function<void()> what) {
    const std::lock_guard lock(m_mutex);
    m_tasks.push_back(std::move(what));
    const std::uint64_t one = 1;
    (void)!::write(m_wake, &one, sizeof one);
}

void FakeSystemd::loop() {
    while (!m_ending) {
        {
            const std::lock_guard lock(m_mutex);
            while (!m_tasks.empty()) {
                const auto task = std::move(m_tasks.front());
                m_tasks.pop_front();
                task();
            }
            runJobs();
        }
        const int result = sd_bus_process(m_bus, nullptr);
        if (result < 0) { // the bus is gone; whoever made us will notice
            pollfd wake{m_wake, POLLIN, 0};
            ::poll(&wake, 1, -1);
            std::uint64_t count = 0;
            (void)!::read(m_wake, &count, sizeof count);
            continue;
        }
        if (result > 0) continue;
        (void)sd_bus_flush(m_bus);
        pollfd both[2] = {{sd_bus_get_fd(m_bus), static_cast<short>(std::max(sd_bus_get_events(m_bus), 0)), 0},
                          {m_wake, POLLIN, 0}};
        ::poll(both, 2, -1);
        std::uint64_t count = 0;
        if ((both[1].revents & POLLIN) != 0) (void)!::read(m_wake, &count, sizeof count);
    }
}

void FakeSystemd::put(const std::string& name, const FakeUnit& unit) {
    const std::lock_guard lock(m_mutex);
    m_units[name] = unit;
}

FakeUnit FakeSystemd::unit(const std::string& name) {
    const std::lock_guard lock(m_mutex);
    return m_units[name];
}

std::vector<std::string> FakeSystemd::calls() {
    const std::lock_guard lock(m_mutex);
    return m_calls;
}

void FakeSystemd::become(const std::string& name, const std::string& active, const std::string& sub,
                         const std::string& result, std::int32_t exitCode, std::int32_t exitStatus) {
    const std::lock_guard lock(m_mutex);
    FakeUnit& unit = m_units[name];
    unit.active = active;
    unit.sub = sub;
    unit.result = result;
    unit.exitCode = exitCode;
    unit.exitStatus = exitStatus;
    // Each change by itself, as it was: the next may come before the loop's turn.
    if (m_thread.joinable()) inLoop([this, name, unit] { tellChange(name, unit); });
}

void FakeSystemd::release(const std::string& name) {
    inLoop([this, name] { m_units[name].holdJobs = false; });
}

int FakeSystemd::messageCame(sd_bus_message* message, void* self, sd_bus_error*) {
    return static_cast<FakeSystemd*>(self)->handle(message);
}

int FakeSystemd::handle(sd_bus_message* message) {
    std::uint8_t type = 0;
    if (sd_bus_message_get_type(message, &type) < 0 || type != SD_BUS_MESSAGE_METHOD_CALL) return 0;
    const std::lock_guard lock(m_mutex);
    const std::string path = sd_bus_message_get_path(message);
    const std::string member = sd_bus_message_get_member(message);
    if (sd_bus_message_is_method_call(message, propertiesInterface, "GetAll") > 0) {
        for (const auto& [name, unit] : m_units)
            if (path == pathOf(name)) return sendProperties(message, unit);
        FakeUnit missing;
        missing.load = "not-found";
        missing.file = "";
        return sendProperties(message, missing);
    }
    if (path != managerPath) return 0;
    if (member == "Subscribe") {
        m_subscribed = true;
        return sd_bus_reply_method_return(message, "");
    }
    const char* name = nullptr;
    if (sd_bus_message_read(message, "s", &name) < 0) return 0;
    if (member == "LoadUnit") return sd_bus_reply_method_return(message, "o", pathOf(name).c_str());
    if (member == "ResetFailedUnit") return sd_bus_reply_method_return(message, "");
    const char* word = nullptr;
    if (sd_bus_message_read(message, "s", &word) < 0) return 0;
    m_calls.push_back(member + " " + name + " " + word);
    if (!m_units.contains(name))
        return sd_bus_reply_method_errorf(message, "org.freedesktop.systemd1.NoSuchUnit", "Unit %s not found.", name);
    FakeUnit& unit = m_units[name];
    const Job job{"/org/freedesktop/systemd1/job/" + std::to_string(++m_lastJob), name, member == "StartUnit"};
    if (member == "KillUnit") {
        std::int32_t signal = 0;
        sd_bus_message_read(message, "i", &signal);
        m_calls.back() += " " + std::to_string(signal);
        if (unit.active == "inactive" || unit.active == "failed")
            return sd_bus_reply_method_errorf(message, "org.freedesktop.systemd1.UnitNotActive", "not active");
        if (!unit.survivesKill) become(name, "failed", "failed", "signal", CLD_KILLED, signal);
        return sd_bus_reply_method_return(message, "");
    }
    if (member != "StartUnit" && member != "StopUnit") return 0;
    if (member == "StartUnit" && unit.load == "masked")
        return sd_bus_reply_method_errorf(message, "org.freedesktop.systemd1.UnitMasked", "Unit %s is masked.", name);
    const int sent = sd_bus_reply_method_return(message, "o", job.path.c_str());
    std::erase_if(m_jobs, [&](const Job& each) { // "replace"
        if (each.unit != name) return false;
        removeJob(each, "canceled");
        return true;
    });
    unit.active = job.start ? (unit.active == "active" ? "active" : "activating") : unit.active;
    m_jobs.push_back(job);
    tellChange(name);
    return sent;
}

void FakeSystemd::runJobs() {
    std::erase_if(m_jobs, [&](const Job& job) {
        FakeUnit& unit = m_units[job.unit];
        if (unit.holdJobs) return false;
        const std::string result = job.start ? unit.startResult : unit.stopResult;
        if (job.start) {
            unit.active = result == "done" ? "active" : "failed";
            unit.sub = result == "done" ? "running" : "failed";
            unit.result = result == "done" ? "success" : "exit-code";
            unit.exitCode = result == "done" ? 0 : CLD_EXITED;
            unit.exitStatus = result == "done" ? 0 : 3;
        } else if (result == "done") {
            unit.active = unit.active == "failed" ? "failed" : "inactive";
            unit.sub = unit.active == "failed" ? "failed" : "dead";
        }
        tellChange(job.unit);
        removeJob(job, result);
        return true;
    });
}

void FakeSystemd::removeJob(const Job& job, const std::string& result) {
    if (!m_subscribed) return;
    const auto number = static_cast<std::uint32_t>(std::stoul(job.path.substr(job.path.rfind('/') + 1)));
    sd_bus_emit_signal(m_bus, managerPath, managerInterface, "JobRemoved", "uoss", number, job.path.c_str(),
                       job.unit.c_str(), result.c_str());
}

void FakeSystemd::tellChange(const std::string& name) { tellChange(name, m_units[name]); }

void FakeSystemd::tellChange(const std::string& name, const FakeUnit& unit) {
    if (!m_subscribed) return;
    sd_bus_emit_signal(m_bus, pathOf(name).c_str(), propertiesInterface, "PropertiesChanged", "sa{sv}as", unitInterface,
                       2, "ActiveState", "s", unit.active.c_str(), "SubState", "s", unit.sub.c_str(), 1, "Job");
}

int FakeSystemd::sendProperties(sd_bus_message* message, const FakeUnit& unit) {
    return sd_bus_reply_method_return(message, "a{sv}", 9, "LoadState", "s", unit.load.c_str(), "LoadError", "(ss)", "",
                                      "", "ActiveState", "s", unit.active.c_str(), "SubState", "s", unit.sub.c_str(),
                                      "UnitFileState", "s", unit.file.c_str(), "Result", "s", unit.result.c_str(),
                                      "ExecMainCode", "i", unit.exitCode, "ExecMainStatus", "i", unit.exitStatus,
                                      "MainPID", "u", std::uint32_t{42});
}

} // namespace dyad::fakes
