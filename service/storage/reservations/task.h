// SPDX-License-Identifier: Apache-2.0
// A procedure that waits for the array reads top to bottom as a coroutine. One thread, no exceptions; a Task is started
// once, either by another one that awaits it or by start(). It must be kept until it has ended.
#pragma once

#include "base/check.h"

#include <coroutine>
#include <functional>
#include <optional>
#include <utility>

namespace dyad::storage {

template <typename T>
class [[nodiscard]] Task {
public:
    struct promise_type {
        std::optional<T> value;
        std::coroutine_handle<> awaiting;
        std::function<void(T)> whenDone;

        Task get_return_object() { return Task(std::coroutine_handle<promise_type>::from_promise(*this)); }
        std::suspend_always initial_suspend() noexcept { return {}; }
        struct Final {
            bool await_ready() noexcept { return false; }
            std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) noexcept {
                if (self.promise().awaiting) return self.promise().awaiting;
                // The callback may destroy this Task: nothing of it is touched afterwards.
                auto tell = std::move(self.promise().whenDone);
                T result = std::move(*self.promise().value);
                if (tell) tell(std::move(result));
                return std::noop_coroutine();
            }
            void await_resume() noexcept {}
        };
        Final final_suspend() noexcept { return {}; }
        void return_value(T result) { value.emplace(std::move(result)); }
        void unhandled_exception() {
            checkFailed("no exception", "a procedure threw an exception", __FILE__, __LINE__);
        }
    };

    Task(Task&& other) noexcept : m_handle(std::exchange(other.m_handle, nullptr)) {}
    Task& operator=(Task&& other) noexcept {
        if (this != &other) {
            if (m_handle) m_handle.destroy();
            m_handle = std::exchange(other.m_handle, nullptr);
        }
        return *this;
    }
    ~Task() {
        if (m_handle) m_handle.destroy();
    }

    // Runs until the first wait; `tell` is called at the end, perhaps from within.
    void start(std::function<void(T)> tell) {
        m_handle.promise().whenDone = std::move(tell);
        m_handle.resume();
    }

    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
        m_handle.promise().awaiting = awaiting;
        return m_handle;
    }
    T await_resume() { return std::move(*m_handle.promise().value); }

private:
    explicit Task(std::coroutine_handle<promise_type> handle) : m_handle(handle) {}
    std::coroutine_handle<promise_type> m_handle;
};

} // namespace dyad::storage
