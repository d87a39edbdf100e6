// SPDX-License-Identifier: Apache-2.0
// A program whose first thread ends while another goes on: /proc calls it a zombie, but it lives.
#include <pthread.h>
#include <unistd.h>

int main() {
    pthread_t other{};
    const auto stay = [](void*) -> void* {
        for (;;)
            ::pause();
    };
    if (::pthread_create(&other, nullptr, stay, nullptr) != 0) return 1;
    ::pthread_exit(nullptr);
}
