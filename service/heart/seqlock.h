// SPDX-License-Identifier: Apache-2.0
// One writer, any number of readers, nobody waits: the writer makes the number odd, writes, makes it even again; a
// reader that saw an odd number, or another one afterwards, has read a mixture and reads again. Fit for memory that two
// processes share, and for a writer that dies in the middle.
//
// Every word is atomic, so that a torn read is a wrong value that is thrown away and never a data race. The order
// without fences: a reader that sees a new word (acquire of a release) sees the odd number that was stored before it,
// and its words can't be read after the second look at the number.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>

namespace dyad::heart {

template <typename Value>
class Seqlock {
    static_assert(std::is_trivially_copyable_v<Value>);
    static_assert(sizeof(Value) % sizeof(std::uint64_t) == 0, "pad the value to whole words");
    static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "the words are shared between processes");

public:
    static constexpr std::size_t words = sizeof(Value) / sizeof(std::uint64_t);
    // A writer needs a microsecond; whoever still meets an odd number after this meets a dead writer.
    static constexpr int maxAttempts = 1000;

    void write(const Value& value) {
        const auto copy = std::bit_cast<std::array<std::uint64_t, words>>(value);
        // An odd number was left by a writer that died; an even one becomes odd.
        const std::uint64_t odd = m_number.load(std::memory_order_relaxed) | 1;
        m_number.store(odd, std::memory_order_relaxed);
        for (std::size_t i = 0; i < words; ++i)
            m_words[i].store(copy[i], std::memory_order_release);
        m_number.store(odd + 1, std::memory_order_release);
    }

    // Nothing: the writer died in the middle of its work (or is stopped there).
    [[nodiscard]] std::optional<Value> read() const {
        std::array<std::uint64_t, words> copy;
        for (int attempt = 0; attempt < maxAttempts; ++attempt) {
            const std::uint64_t before = m_number.load(std::memory_order_acquire);
            if ((before & 1) != 0) continue;
            for (std::size_t i = 0; i < words; ++i)
                copy[i] = m_words[i].load(std::memory_order_acquire);
            if (m_number.load(std::memory_order_relaxed) != before) continue;
            return std::bit_cast<Value>(copy);
        }
        return std::nullopt;
    }

private:
    std::atomic<std::uint64_t> m_number{0};
    std::array<std::atomic<std::uint64_t>, words> m_words{};
};

} // namespace dyad::heart
