// SPDX-License-Identifier: Apache-2.0
// A NetBIOS name (RFC 1001) that Samba's nmbd answers for: one of its own beside the host's, which listens on the
// alias's addresses alone, watched, and asked after with `nmblookup`. It ends with the resource.
#pragma once

#include <QTimer>
#include <memory>
#include <string>
#include <vector>

#include "network/alias/alias_way.h"
#include "network/alias/watched_child.h"
#include "network/ip_address.h"

namespace dyad::network {

struct SambaPrograms {
    std::string serve = "/usr/sbin/nmbd";
    std::string resolve = "/usr/bin/nmblookup";
    Duration settle = 2s;   // a name is its own only after it was claimed three times (RFC 1002 section 5.1.1.1)
    Duration patience = 5s; // for one look
};

class NetbiosWay final : public AliasWay {
public:
    // `folder`: for its settings and what nmbd keeps; made where it isn't there. IPv6 addresses are passed over.
    NetbiosWay(std::string name, const std::vector<IpAddress>& addresses, std::string label, std::string folder,
               SambaPrograms programs);

    [[nodiscard]] const char* word() const override { return "netbios"; }
    void attempt(bool claim, Done done) override;
    void leave(std::function<void()> done) override;

private:
    [[nodiscard]] Result<void> writeSettings() const;
    void serve();
    void serverEnded(const std::string& how);
    void look(std::size_t which);
    void looked(std::size_t which, const std::string& output);
    void finish(const Result<std::string>& result);

    std::string m_name;
    std::vector<IpAddress> m_addresses;
    std::string m_label;
    std::string m_folder;
    SambaPrograms m_programs;
    std::unique_ptr<WatchedChild> m_server;
    std::unique_ptr<WatchedChild> m_look;
    QTimer m_timer; // first: till the name has settled; then: for one look
    bool m_settling = false;
    Done m_done;
};

// Kills what an earlier life of the service has left behind for this label.
void killLeftNetbios(const std::string& label);

} // namespace dyad::network
