#pragma once

// What the cards of MAD-lab's six tasks say alike.
namespace longhaul::mad {

inline constexpr const char* kSource = "Poli et al. 2024 (MAD), arXiv:2403.17844";
inline constexpr const char* kPublished =
    "none quoted: the paper scores the mean over all its settings of a task, and no\n"
    "setting's figure could be checked";

}  // namespace longhaul::mad
