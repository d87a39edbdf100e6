// SPDX-License-Identifier: Apache-2.0
// Asks both nodes the same, because each knows only its own half of what happened. For commands: ask() runs the event
// loop until every node has answered or its patience is over.
#pragma once

#include "base/time.h"
#include "cli/service_access.h"
#include "control/client/pinned_network.h"

#include <QJsonObject>
#include <QString>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace dyad::cli {

struct NodeAnswer {
    std::string node; // empty where only a URL is known and nothing answered
    bool answered = false;
    int status = 0;      // of HTTP; 0: nobody was there
    std::string trouble; // why it has not answered, or refused
    QByteArray body;
    QJsonObject object; // where the body is one
    Instant sent;       // on this program's monotonic clock
    Instant received;
};

class BothNodes {
public:
    explicit BothNodes(const Access& access);
    ~BothNodes();
    BothNodes(const BothNodes&) = delete;
    BothNodes& operator=(const BothNodes&) = delete;

    static constexpr Duration patience = 4s;

    // One answer per node, in the order of the access. `target` (path and query) is asked of each; an empty one leaves
    // the node out (it did not answer then, without trouble).
    [[nodiscard]] std::vector<NodeAnswer> ask(const std::function<QString(std::size_t node)>& target,
                                              Duration howLong = patience);
    [[nodiscard]] std::vector<NodeAnswer> ask(const QString& target, Duration howLong = patience);
    // Sent once, over the address that answered last.
    [[nodiscard]] NodeAnswer post(std::size_t node, const QString& target, const QByteArray& body,
                                  Duration howLong = patience);
    [[nodiscard]] std::size_t count() const { return m_nodes.size(); }

private:
    struct Node;
    struct Question;
    void tryUrl(const std::shared_ptr<Question>& question, std::size_t url);

    std::vector<std::unique_ptr<Node>> m_nodes;
};

[[nodiscard]] Instant steadyNow();

} // namespace dyad::cli
