// SPDX-License-Identifier: Apache-2.0
#include "network/alias/mdns_way.h"

#include <algorithm>
#include <sstream>
#include <unistd.h>

#include "platform/linux/process_sweep.h"

namespace dyad::network {

namespace {

constexpr const char* avahiRemedy = "look whether avahi-daemon runs (systemctl status avahi-daemon)";

std::vector<std::string> avahiEnvironment(const std::string& label) {
    return {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "DYAD_ALIAS=" + label};
}

std::string lastLineOf(const std::string& output) {
    std::istringstream lines(output);
    std::string last;
    for (std::string line; std::getline(lines, line);)
        if (!line.empty()) last = line;
    for (char& each : last)
        if (static_cast<unsigned char>(each) < 0x20) each = ' ';
    return last;
}

} // namespace

void killLeftPublishers(const std::string& label) {
    platform::ProcessTraits traits;
    traits.environmentMark = "DYAD_ALIAS=" + label;
    if (const auto found = platform::findProcesses(traits)) platform::killAll(found.value());
}

MdnsWay::MdnsWay(std::string name, std::vector<IpAddress> addresses, std::string label, AvahiPrograms programs)
    : m_name(std::move(name)), m_label(std::move(label)), m_programs(std::move(programs)) {
    for (const IpAddress& address : addresses)
        m_publishers.push_back({address, nullptr});
    m_timer.setSingleShot(true);
    QObject::connect(&m_timer, &QTimer::timeout, &m_timer, [this] {
        if (std::exchange(m_settling, false)) return look(0);
        m_look.reset();
        finish(Error{"ask for", m_name, "avahi-resolve gave no answer within " + dyad::toText(m_programs.patience),
                     avahiRemedy});
    });
}

bool MdnsWay::allRun() const {
    return std::all_of(m_publishers.begin(), m_publishers.end(),
                       [](const Publisher& each) { return each.child && each.child->running(); });
}

void MdnsWay::attempt(bool claim, Done done) {
    m_done = std::move(done);
    m_look.reset();
    m_timer.stop();
    m_settling = false;
    for (const std::string& program : {m_programs.publish, m_programs.resolve})
        if (::access(program.c_str(), X_OK) != 0)
            return finish(Error{"publish", m_name, program + " is not there", "apt install avahi-utils avahi-daemon"});
    if (!claim && allRun()) return look(0);
    publish();
}

void MdnsWay::publish() {
    for (Publisher& each : m_publishers)
        each.child.reset();
    killLeftPublishers(m_label); // of an earlier life of the service
    for (std::size_t i = 0; i < m_publishers.size(); ++i) {
        m_publishers[i].child = std::make_unique<WatchedChild>();
        const Result<void> runs = m_publishers[i].child->run(
            {.command = {m_programs.publish, "-a", "-R", m_name, m_publishers[i].address.text()},
             .environment = avahiEnvironment(m_label)},
            [this, i](const platform::ChildEnd& end, const std::string& output) {
                const std::string said = lastLineOf(output);
                publisherEnded(i, end.text() + (said.empty() ? "" : ": " + said));
            });
        if (!runs) return finish(runs.error());
    }
    m_settling = true;
    m_timer.start(wholeMilliseconds(m_programs.settle));
}

void MdnsWay::publisherEnded(std::size_t which, const std::string& how) {
    const Error error{"publish", m_name + " as " + m_publishers[which].address.text(), "avahi-publish ended, " + how,
                      avahiRemedy};
    m_look.reset();
    m_timer.stop();
    m_settling = false;
    if (m_done) return finish(error);
    if (onLost) onLost(error);
}

// One after the other, for each family by itself.
void MdnsWay::look(std::size_t which) {
    if (which >= m_publishers.size()) return finish(m_name + " is published");
    m_look = std::make_unique<WatchedChild>();
    const Result<void> runs =
        m_look->run({.command = {m_programs.resolve, m_publishers[which].address.six ? "-6" : "-4", "-n", m_name},
                     .environment = avahiEnvironment(m_label)},
                    [this, which](const platform::ChildEnd& end, const std::string& output) {
                        m_timer.stop();
                        m_look.reset();
                        looked(which, output, end.clean());
                    });
    if (!runs) return finish(runs.error());
    m_timer.start(wholeMilliseconds(m_programs.patience));
}

void MdnsWay::looked(std::size_t which, const std::string& output, bool well) {
    const std::string said = lastLineOf(output);
    const IpAddress& wanted = m_publishers[which].address;
    const std::size_t blank = said.find_last_of("\t ");
    const Result<IpAddress> found = parseIpAddress(blank == std::string::npos ? "" : said.substr(blank + 1));
    if (well && found && found.value() == wanted) return look(which + 1);
    finish(Error{"verify", m_name, "avahi-resolve says \"" + said + "\" instead of " + wanted.text(),
                 "look whether another host of the network has this name"});
}

void MdnsWay::leave(std::function<void()> done) {
    m_done = nullptr;
    m_timer.stop();
    m_settling = false;
    m_look.reset();
    for (Publisher& each : m_publishers)
        each.child.reset(); // the daemon says good-bye for it as soon as its connection is gone
    killLeftPublishers(m_label);
    done();
}

void MdnsWay::finish(const Result<std::string>& result) {
    const Done done = std::exchange(m_done, nullptr);
    if (done) done(result);
}

} // namespace dyad::network
