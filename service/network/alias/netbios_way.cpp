// SPDX-License-Identifier: Apache-2.0
#include "network/alias/netbios_way.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

#include "base/errno_text.h"
#include "platform/linux/file_descriptor.h"
#include "platform/linux/process_sweep.h"

namespace dyad::network {

namespace {

constexpr const char* sambaRemedy = "look at what `nmbd --foreground --debug-stdout` says on this host";

std::vector<std::string> sambaEnvironment(const std::string& label) {
    return {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "DYAD_NETBIOS=" + label};
}

std::string lastWordsOf(const std::string& output) {
    std::istringstream lines(output);
    std::string last;
    for (std::string line; std::getline(lines, line);)
        if (line.find_first_not_of(" \t\r") != std::string::npos) last = line;
    for (char& each : last)
        if (static_cast<unsigned char>(each) < 0x20) each = ' ';
    return last;
}

} // namespace

void killLeftNetbios(const std::string& label) {
    platform::ProcessTraits traits;
    traits.environmentMark = "DYAD_NETBIOS=" + label;
    if (const auto found = platform::findProcesses(traits)) platform::killAll(found.value());
}

NetbiosWay::NetbiosWay(std::string name, const std::vector<IpAddress>& addresses, std::string label, std::string folder,
                       SambaPrograms programs)
    : m_name(std::move(name)), m_label(std::move(label)), m_folder(std::move(folder)), m_programs(std::move(programs)) {
    std::copy_if(addresses.begin(), addresses.end(), std::back_inserter(m_addresses),
                 [](const IpAddress& each) { return !each.six; });
    m_timer.setSingleShot(true);
    QObject::connect(&m_timer, &QTimer::timeout, &m_timer, [this] {
        if (std::exchange(m_settling, false)) return look(0);
        m_look.reset();
        finish(Error{"ask for", m_name, "nmblookup gave no answer within " + dyad::toText(m_programs.patience),
                     sambaRemedy});
    });
}

void NetbiosWay::attempt(bool claim, Done done) {
    m_done = std::move(done);
    m_look.reset();
    m_timer.stop();
    m_settling = false;
    for (const std::string& program : {m_programs.serve, m_programs.resolve})
        if (::access(program.c_str(), X_OK) != 0)
            return finish(Error{"publish", m_name, program + " is not there", "apt install samba"});
    if (!claim && m_server && m_server->running()) return look(0);
    serve();
}

// Nothing of the host's own smb.conf: two that share a folder would write over each other's state.
Result<void> NetbiosWay::writeSettings() const {
    std::string text = "[global]\n";
    std::string addresses;
    for (const IpAddress& each : m_addresses)
        addresses += (addresses.empty() ? "" : " ") + each.text();
    for (const auto& [key, value] : {std::pair<const char*, std::string>{"netbios name", m_name},
                                     {"interfaces", addresses},
                                     {"bind interfaces only", "yes"},
                                     {"server role", "standalone server"},
                                     {"disable netbios", "no"},
                                     {"dns proxy", "no"},
                                     {"local master", "no"},
                                     {"preferred master", "no"},
                                     {"domain master", "no"},
                                     {"lock directory", m_folder},
                                     {"state directory", m_folder},
                                     {"cache directory", m_folder},
                                     {"pid directory", m_folder},
                                     {"private dir", m_folder},
                                     {"nmbd:socket dir", m_folder + "/socket"}})
        text += std::string("\t") + key + " = " + value + "\n";
    if (::mkdir(m_folder.c_str(), 0755) != 0 && errno != EEXIST)
        return Error{"make the folder", m_folder, errnoText(errno), "look at the service's run directory"};
    const std::string file = m_folder + "/smb.conf";
    const platform::FileDescriptor out(
        ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (!out.valid() || ::write(out.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        return Error{"write", file, errnoText(errno), "look at the service's run directory"};
    return {};
}

void NetbiosWay::serve() {
    m_server.reset();
    killLeftNetbios(m_label); // of an earlier life of the service
    if (const Result<void> written = writeSettings(); !written) return finish(written.error());
    m_server = std::make_unique<WatchedChild>();
    const Result<void> runs =
        m_server->run({.command = {m_programs.serve, "--foreground", "--no-process-group", "--debug-stdout",
                                   "--configfile=" + m_folder + "/smb.conf", "--log-basename=" + m_folder},
                       .environment = sambaEnvironment(m_label)},
                      [this](const platform::ChildEnd& end, const std::string& output) {
                          const std::string said = lastWordsOf(output);
                          serverEnded(end.text() + (said.empty() ? "" : ": " + said));
                      });
    if (!runs) return finish(runs.error());
    m_settling = true;
    m_timer.start(wholeMilliseconds(m_programs.settle));
}

void NetbiosWay::serverEnded(const std::string& how) {
    const Error error{"publish", m_name, "nmbd ended, " + how, sambaRemedy};
    m_look.reset();
    m_timer.stop();
    m_settling = false;
    if (m_done) return finish(error);
    if (onLost) onLost(error);
}

// Each address by itself, as a client would ask it.
void NetbiosWay::look(std::size_t which) {
    if (which >= m_addresses.size()) return finish(m_name + " is published");
    m_look = std::make_unique<WatchedChild>();
    const Result<void> runs = m_look->run({.command = {m_programs.resolve, "--configfile=" + m_folder + "/smb.conf",
                                                       "-U", m_addresses[which].text(), m_name},
                                           .environment = sambaEnvironment(m_label)},
                                          [this, which](const platform::ChildEnd&, const std::string& output) {
                                              m_timer.stop();
                                              m_look.reset();
                                              looked(which, output);
                                          });
    if (!runs) return finish(runs.error());
    m_timer.start(wholeMilliseconds(m_programs.patience));
}

// 10.77.0.100 ERP<00>
void NetbiosWay::looked(std::size_t which, const std::string& output) {
    const std::string wanted = m_addresses[which].text() + " " + m_name + "<00>";
    std::istringstream lines(output);
    for (std::string line; std::getline(lines, line);)
        if (line == wanted) return look(which + 1);
    finish(Error{"verify", m_name, "nmblookup says \"" + lastWordsOf(output) + "\" instead of " + wanted,
                 "look whether another host of the network has this name"});
}

void NetbiosWay::leave(std::function<void()> done) {
    m_done = nullptr;
    m_timer.stop();
    m_settling = false;
    m_look.reset();
    m_server.reset();
    killLeftNetbios(m_label);
    done();
}

void NetbiosWay::finish(const Result<std::string>& result) {
    const Done done = std::exchange(m_done, nullptr);
    if (done) done(result);
}

} // namespace dyad::network
