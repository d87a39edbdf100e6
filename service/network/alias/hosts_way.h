// SPDX-License-Identifier: Apache-2.0
// A name in this node's own /etc/hosts. It stands for an address that floats, so the same block is right on both nodes,
// whichever of them is active: it is written as soon as the service looks, and is left when the group stops.
#pragma once

#include "network/alias/alias_way.h"
#include "network/alias/hosts_file.h"
#include <QObject>

namespace dyad::network {

class HostsWay final : public AliasWay {
public:
    HostsWay(std::string path, HostsBlock block) : m_path(std::move(path)), m_block(std::move(block)) {}

    [[nodiscard]] const char* word() const override { return "hosts"; }
    void attempt(bool claim, Done done) override;    // on a thread: a disk may hang
    void leave(std::function<void()> done) override; // the block stays

private:
    std::string m_path;
    HostsBlock m_block;
    QObject m_waits;      // for the thread; what ends later than this object is told to nobody
    unsigned m_round = 0; // of the attempts: an earlier one's end is no news
};

} // namespace dyad::network
