// SPDX-License-Identifier: Apache-2.0
// A name in multicast DNS, which Avahi answers for: one `avahi-publish` per address, watched, and asked after with
// `avahi-resolve`. The daemon withdraws what a publisher that ended had published.
#pragma once

#include <QTimer>
#include <memory>
#include <string>
#include <vector>

#include "network/alias/alias_way.h"
#include "network/alias/watched_child.h"
#include "network/ip_address.h"

namespace dyad::network {

struct AvahiPrograms {
    std::string publish = "/usr/bin/avahi-publish";
    std::string resolve = "/usr/bin/avahi-resolve";
    Duration settle = 1s;   // a name is its own only after it was probed for (RFC 6762 section 8.1): some 750 ms
    Duration patience = 5s; // for one look
};

class MdnsWay final : public AliasWay {
public:
    // `label` marks the publishers, so that a later life of the service finds them.
    MdnsWay(std::string name, std::vector<IpAddress> addresses, std::string label, AvahiPrograms programs);

    [[nodiscard]] const char* word() const override { return "mdns"; }
    void attempt(bool claim, Done done) override;
    void leave(std::function<void()> done) override;

private:
    struct Publisher {
        IpAddress address;
        std::unique_ptr<WatchedChild> child;
    };

    [[nodiscard]] bool allRun() const;
    void publish();
    void publisherEnded(std::size_t which, const std::string& how);
    void look(std::size_t which);
    void looked(std::size_t which, const std::string& output, bool well);
    void finish(const Result<std::string>& result);

    std::string m_name;
    std::string m_label;
    AvahiPrograms m_programs;
    std::vector<Publisher> m_publishers;
    std::unique_ptr<WatchedChild> m_look;
    QTimer m_timer; // first: till the name has settled; then: for one look
    bool m_settling = false;
    Done m_done;
};

// Kills the publishers that an earlier life of the service has left behind for this label.
void killLeftPublishers(const std::string& label);

} // namespace dyad::network
