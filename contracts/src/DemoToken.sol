// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title Play money for demonstrations and tests
/// @notice ERC-20 with permit and 6 decimals. A real deployment names an existing token instead.
contract DemoToken is ERC20, ERC20Permit, AccessManaged {
    /// @param authority the AccessManager that knows who may mint
    constructor(address authority)
        ERC20("Commonwatt Demo Euro", "dEUR")
        ERC20Permit("Commonwatt Demo Euro")
        AccessManaged(authority)
    {}

    /// @notice Creates `amount` base units for `to`. Minter only.
    /// @param to receiver
    /// @param amount base units, 1e6 to one token
    function mint(address to, uint256 amount) external restricted {
        _mint(to, amount);
    }

    /// @notice Money is counted in millionths.
    /// @return 6
    function decimals() public pure override returns (uint8) {
        return 6;
    }
}
