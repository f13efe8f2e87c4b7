#pragma once

// Elementary functions with the same bits on every machine, compiler and C library: the library's
// own differ in the last digit from one version, and one processor, to another. Errors are below
// 4 units in the last place, of pow below 2 |y log x| + 2. Special values are those of the C
// library.
namespace longhaul::elementary {

double exp(double x);
double exp2(double x);
double expm1(double x);
double log(double x);
double log2(double x);
double log1p(double x);
double pow(double x, double y);
// Of |x| up to 1e6; further away they are the C library's.
double sin(double x);
double cos(double x);

// Rounded from double.
inline float exp2(float x) { return static_cast<float>(exp2(double{x})); }
inline float log2(float x) { return static_cast<float>(log2(double{x})); }
inline float sin(float x) { return static_cast<float>(sin(double{x})); }
inline float cos(float x) { return static_cast<float>(cos(double{x})); }
inline float pow(float x, float y) { return static_cast<float>(pow(double{x}, double{y})); }

}  // namespace longhaul::elementary
