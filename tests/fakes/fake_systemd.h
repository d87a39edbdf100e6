// SPDX-License-Identifier: Apache-2.0
// A fake of systemd's manager: the real bus protocol on a real (private) bus, but no unit is more than what the test
// says of it. Lives on a thread of its own; every call may come from the test's thread.
#pragma once

#include <QProcess>
#include <QString>

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <systemd/sd-bus.h>
#include <thread>
#include <vector>

namespace dyad::fakes {

// A message bus of the test's own, in a folder of the test's own.
class PrivateBus {
public:
    explicit PrivateBus(QString folder) : m_folder(std::move(folder)) {}
    ~PrivateBus() { stop(); }
    [[nodiscard]] bool start();
    void stop(); // at once, with every connection
    [[nodiscard]] std::string address() const { return "unix:path=" + (m_folder + "/bus").toStdString(); }

private:
    QString m_folder;
    QProcess m_daemon;
};

struct FakeUnit {
    std::string load = "loaded";
    std::string file = "disabled";
    std::string active = "inactive";
    std::string sub = "dead";
    std::string result = "success";
    std::int32_t exitCode = 0;
    std::int32_t exitStatus = 0;
    std::string startResult = "done"; // with anything else it is "failed" after its start
    std::string stopResult = "done";  // with anything else it stays as it is
    bool holdJobs = false;            // jobs wait for release()
    bool survivesKill = false;
};

class FakeSystemd {
public:
    FakeSystemd() = default;
    ~FakeSystemd() { leave(); }
    FakeSystemd(const FakeSystemd&) = delete;
    FakeSystemd& operator=(const FakeSystemd&) = delete;

    // Takes systemd's name on the bus; false where it can't.
    [[nodiscard]] bool join(const std::string& address);
    void leave(); // its units stay as they are

    void put(const std::string& name, const FakeUnit& unit); // without telling anybody
    [[nodiscard]] FakeUnit unit(const std::string& name);
    // Becomes so, and is told to whoever has subscribed.
    void become(const std::string& name, const std::string& active, const std::string& sub,
                const std::string& result = "success", std::int32_t exitCode = 0, std::int32_t exitStatus = 0);
    // Its waiting jobs end now.
    void release(const std::string& name);
    // "StartUnit web.service replace", in their order
    [[nodiscard]] std::vector<std::string> calls();

private:
    struct Job {
        std::string path;
        std::string unit;
        bool start = false;
    };

    static int messageCame(sd_bus_message* message, void* self, sd_bus_error* error);
    int handle(sd_bus_message* message);
    int queueJob(sd_bus_message* message, bool start);
    int sendProperties(sd_bus_message* message, const FakeUnit& unit);
    void runJobs();
    void removeJob(const Job& job, const std::string& result);
    void tellChange(const std::string& name);
    void tellChange(const std::string& name, const FakeUnit& unit);
    void loop();
    void inLoop(std::function<void()> what);

    std::recursive_mutex m_mutex; // of everything below
    std::map<std::string, FakeUnit> m_units;
    std::vector<std::string> m_calls;
    std::vector<Job> m_jobs;
    std::deque<std::function<void()>> m_tasks;
    bool m_subscribed = false;
    unsigned m_lastJob = 0;

    sd_bus* m_bus = nullptr;
    int m_wake = -1;
    std::atomic<bool> m_ending = false;
    std::thread m_thread;
};

} // namespace dyad::fakes
