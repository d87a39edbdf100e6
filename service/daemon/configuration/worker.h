// SPDX-License-Identifier: Apache-2.0
// One thread for what blocks on a disk or a network: work is done in the order given, and what it returns is called on
// the event loop.
#pragma once

#include <QMetaObject>
#include <QObject>
#include <QThreadPool>

#include <functional>

namespace dyad::daemon {

class Worker {
public:
    Worker() { m_pool.setMaxThreadCount(1); }
    // Waits for the work under way; what waits behind it is dropped.
    ~Worker() {
        m_pool.clear();
        m_pool.waitForDone();
    }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    void run(std::function<std::function<void()>()> work) {
        m_pool.start([this, work = std::move(work)] {
            QMetaObject::invokeMethod(&m_receiver, work(), Qt::QueuedConnection);
        });
    }

private:
    QObject m_receiver; // of the event loop; calls that are still queued go with it
    QThreadPool m_pool;
};

} // namespace dyad::daemon
