// SPDX-License-Identifier: Apache-2.0
// The terminal as one full screen with single keys. Whatever ends the program in an orderly way, also a signal, gives
// the terminal back as it was.
#pragma once

#include <QObject>
#include <QSocketNotifier>

#include <functional>
#include <memory>
#include <string>

namespace dyad::cli {

class Terminal {
public:
    struct Size {
        int rows = 24;
        int columns = 80;
    };

    Terminal(); // alternate screen, no cursor, keys without Enter and without echo
    ~Terminal();
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;

    [[nodiscard]] static bool available(); // standard input and output are terminals
    [[nodiscard]] static Size size();

    std::function<void(char)> onKey;
    std::function<void()> onResize;
    std::function<void()> onEnd; // a signal, or the input has ended

    // Draws `text` from the top left, cut at the screen's edges, and clears the rest.
    void draw(const std::string& text);

private:
    void keyWaiting();
    void signalWaiting();

    struct Saved;
    std::unique_ptr<Saved> m_saved;
    std::unique_ptr<QSocketNotifier> m_keys;
    std::unique_ptr<QSocketNotifier> m_signals;
};

} // namespace dyad::cli
