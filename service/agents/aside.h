// SPDX-License-Identifier: Apache-2.0
// Work that may hang in a dead disk runs aside, on a thread of its own, so that the event loop doesn't.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

namespace dyad::agents {

class Aside {
public:
    using Cancelled = std::atomic<bool>;

    Aside();
    // Gives the work up: `then` isn't called any more; the thread ends when its system call returns. The work sees
    // `cancelled` and must look at it before each step that changes something.
    ~Aside();
    Aside(const Aside&) = delete;
    Aside& operator=(const Aside&) = delete;

    // `work` runs on another thread and returns what is then called on the caller's event loop. Once per object.
    void run(std::function<std::function<void()>(const Cancelled& cancelled)> work);

private:
    struct Shared;
    std::shared_ptr<Shared> m_shared;
};

} // namespace dyad::agents
