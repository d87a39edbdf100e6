// SPDX-License-Identifier: Apache-2.0
#include "network/alias/hosts_way.h"

#include <QThread>
#include <memory>

namespace dyad::network {

void HostsWay::attempt(bool /*claim*/, Done done) {
    const auto result = std::make_shared<Result<bool>>(false);
    QThread* thread =
        QThread::create([path = m_path, block = m_block, result] { *result = keepHostsBlock(path, block); });
    QObject::connect(thread, &QThread::finished, &m_waits, [this, round = ++m_round, result, done = std::move(done)] {
        if (round != m_round) return;
        if (*result)
            done(m_path + (result->value() ? " is written" : " has it"));
        else
            done(result->error());
    });
    QObject::connect(thread, &QThread::finished, thread, &QObject::deleteLater);
    thread->start();
}

void HostsWay::leave(std::function<void()> done) {
    ++m_round;
    done();
}

} // namespace dyad::network
