// SPDX-License-Identifier: Apache-2.0
#include "agents/aside.h"

#include <QCoreApplication>
#include <QObject>
#include <mutex>
#include <thread>

namespace dyad::agents {

struct Aside::Shared {
    std::mutex mutex;
    std::unique_ptr<QObject> receiver = std::make_unique<QObject>(); // none once given up
    Cancelled cancelled = false;
};

Aside::Aside() : m_shared(std::make_shared<Shared>()) {}

Aside::~Aside() {
    m_shared->cancelled = true;
    const std::lock_guard lock(m_shared->mutex);
    QObject* receiver = m_shared->receiver.release();
    QCoreApplication::removePostedEvents(receiver); // a call that is queued already
    receiver->deleteLater();                        // it may be the one that calls us now
}

void Aside::run(std::function<std::function<void()>(const Cancelled&)> work) {
    std::thread([shared = m_shared, work = std::move(work)] {
        std::function<void()> then = work(shared->cancelled);
        const std::lock_guard lock(shared->mutex);
        if (shared->receiver) QMetaObject::invokeMethod(shared->receiver.get(), std::move(then), Qt::QueuedConnection);
    }).detach();
}

} // namespace dyad::agents
