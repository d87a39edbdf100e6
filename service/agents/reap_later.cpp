// SPDX-License-Identifier: Apache-2.0
#include "agents/reap_later.h"

#include <QCoreApplication>
#include <QSocketNotifier>
#include <memory>

#include "platform/linux/child.h"

namespace dyad::agents {

void reapLater(platform::FileDescriptor pidfd) {
    if (platform::hasEnded(pidfd)) {
        (void)platform::reap(pidfd);
        return;
    }
    if (QCoreApplication::instance() == nullptr) return;
    auto kept = std::make_shared<platform::FileDescriptor>(std::move(pidfd));
    auto* notifier = new QSocketNotifier(kept->get(), QSocketNotifier::Read, QCoreApplication::instance());
    QObject::connect(notifier, &QSocketNotifier::activated, notifier, [notifier, kept] {
        notifier->setEnabled(false);
        (void)platform::reap(*kept);
        notifier->deleteLater();
    });
}

} // namespace dyad::agents
