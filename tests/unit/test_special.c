/* SPDX-License-Identifier: MIT
 *
 * Normal, beta and Student's distributions: against values of mpmath 1.2.1 with 60 digits (beta by the
 * hypergeometric series, and its roots by bracketing), and against each other over many arguments.
 */
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>

#include "arith/functions64.h"
#include "study/functions/beta.h"
#include "study/functions/log1p.h"
#include "study/functions/normal.h"
#include "study/functions/student.h"
#include "study/functions/table.h"

TestSuite(special);

/* NaN fails. */
static void expect_close(double x, double exact, double tolerance, const char *what, double at)
{
	double error = fabs(x - exact), scale = fabs(exact);
	cr_assert(error <= tolerance * scale, "%s at %a: %.17g, not %.17g", what, at, x, exact);
}

#define N(list) (sizeof(list) / sizeof(list)[0])

/* x, P(X < x), its logarithm */
static const double cdf[][3] = {
    {-38.5, 0, -745.69527029041108133},
    {-37.0, 5.7255712225245768227e-300, -689.0305855768905936},
    {-20.0, 2.7536241186062336951e-89, -203.91715537109726394},
    {-8.25, 7.919726314642477341e-17, -37.074589931901532919},
    {-5.7, 5.9903714010635281878e-9, -18.93311242322474297},
    {-5.0, 2.8665157187919391167e-7, -15.064998393988725736},
    {-3.0, 0.0013498980316300945267, -6.6077262215103495433},
    {-1.5, 0.066807201268858066004, -2.705944400823889807},
    {-0.7, 0.24196365222307302862, -1.4189677615315315793},
    {-0.66, 0.25462691467133613764, -1.3679558848901993932},
    {-0.3, 0.38208857781104736693, -0.96210281816885065666},
    {-1e-05, 0.49999601057719605216, -0.69315515943738436303},
    {0.0, 0.5, -0.69314718055994530942},
    {0.25, 0.59870632568292372424, -0.51298407540943043213},
    {0.67, 0.74857110490468989845, -0.28958908310168703778},
    {1.0, 0.84134474606854294859, -0.17275377902344988953},
    {2.5, 0.99379033467422386483, -0.006229025485860002381},
    {6.0, 0.99999999901341235496, -9.8658764552437573169e-10},
    {9.0, 0.99999999999999999989, -1.1285884059538406478e-19},
};

Test(special, normal_probabilities)
{
	for (size_t i = 0; i < N(cdf); i++) {
		if (cdf[i][1] > 0)
			expect_close(ls_normal_cdf(cdf[i][0]), cdf[i][1], 1e-14, "cdf", cdf[i][0]);
		expect_close(ls_normal_log_cdf(cdf[i][0]), cdf[i][2], 1e-14, "log cdf", cdf[i][0]);
	}
	cr_assert(ls_normal_cdf(-40) == 0 && ls_normal_cdf(40) == 1);
	cr_assert(ls_normal_cdf(-HUGE_VAL) == 0 && ls_normal_cdf(HUGE_VAL) == 1);
	expect_close(ls_normal_log_cdf(-1e3), -500007.82669481218431, 1e-15, "log cdf", -1e3);
	expect_close(ls_normal_log_cdf(-1e8), -5000000000000019.3396, 1e-15, "log cdf", -1e8);
}

/* a, b, log P(a < X < b) */
static const double masses[][3] = {
    {-1.0, 1.0, -0.38171514630212607227},    {-0.1, 0.1, -2.5300420015472384557},
    {-0.5, 3.0, -0.37090055956203252259},    {-10.0, 12.0, -7.6198530259370081781e-24},
    {-9.0, 0.2, -0.54600435372277411778},    {-30.0, -10.0, -53.231285150512470578},
    {2.0, 2.4, -4.2299858804149287987},      {2.0, 2.1, -5.3214403776082898922},
    {7.0, 7.05, -28.584952481116887023},     {-3.0, -2.999999, -19.234447591028960336},
    {0.0, 1e-09, -21.642204370151083836},    {20.0, 21.0, -203.91715537228815924},
    {-0.001, 0.001, -7.1335467982935200192}, {-0.3, 0.1, -1.8468118656728517527},
    {36.0, 36.01, -653.69872972696059612},   {0.5, 40.0, -1.1759117615936186089},
    {-50.0, -45.0, -1017.2260942419523707},
};

Test(special, normal_masses)
{
	for (size_t i = 0; i < N(masses); i++) {
		double a = masses[i][0], b = masses[i][1], exact = masses[i][2];
		/* What rounding of a narrow one's bounds makes of its width is no fault of the function. */
		double tolerance = 1e-14 + DBL_EPSILON * fmax(fabs(a), fabs(b)) / (b - a);
		expect_close(ls_normal_log_mass(a, b), exact, tolerance, "mass", a);
		cr_assert(ls_normal_log_mass(a, b) == ls_normal_log_mass(-b, -a), "mirrored at %g", a);
	}
}

/* Where the series ends and differences begin, both must say the same. */
Test(special, cells_agree_with_masses_at_the_seam)
{
	for (double middle = 0; middle < 6; middle += 0.03125) {
		double width = LS_NORMAL_NARROW / fmax(1, middle), wider = nextafter(width, 1);
		double a = middle - wider / 2, b = middle + wider / 2;
		double difference =
		    b > 0 && a < 0
			? ls_log64(ls_normal_cdf(b) - ls_normal_cdf(a))
			: ls_normal_log_cdf(-a) + ls_log1p64(-ls_exp64(ls_normal_log_cdf(-b) - ls_normal_log_cdf(-a)));
		expect_close(ls_normal_log_cell(middle, width), difference, 3e-14, "cell", middle);
	}
}

/* p, quantile */
static const double quantiles[][2] = {
    {0x1p-1022, -37.519379347144499821},
    {0x1p-600, -28.691864530403793454},
    {0x1p-100, -11.484540434973037807},
    {0x1p-54, -8.2923610758135955382},
    {0x1p-53, -8.2095361516013868556},
    {0x1p-40, -7.0477002566644087254},
    {0x1p-37, -6.7523004314070149646},
    {0x1.8p-37, -6.6932426587860799674},
    {0x1p-36, -6.6510353798930105467},
    {0x1p-35, -6.5482693678317307554},
    {0x1p-34, -6.4439345265385642153},
    {0x1p-33, -6.3379577545537892525},
    {0x1p-20, -4.763001034267813957},
    {0x1p-3, -1.1503493803760081783},
    {0x1.8p-2, -0.31863936396437516302},
    {0x1p-1, 0.0},
    {0x1.8p-1, 0.6744897501960817432},
    {0x1.fffffffffffffp-1, 8.2095361516013868556},
    {0x1.fffffffffffp-1, 7.5151552941589075804},
    {0x1.ffffffff8p-1, 6.4439345265385642153},
};

Test(special, normal_quantiles)
{
	for (size_t i = 0; i < N(quantiles); i++) {
		double x = ls_normal_quantile(quantiles[i][0]);
		expect_close(x, quantiles[i][1], 2e-15, "quantile", quantiles[i][0]);
	}
}

Test(special, truncated_draws_are_inside_and_invert_the_probability)
{
	static const double bounds[][2] = {{-1, 1},  {-0.01, 30}, {-30, 0}, {2, 3},
	                                   {-9, -8}, {0, 1e-9},   {20, 25}, {-36, 37}};
	for (size_t i = 0; i < N(bounds); i++) {
		double a = bounds[i][0], b = bounds[i][1], last = a;
		for (double u = 0x1p-40; u < 1; u += 0x1p-6) {
			double x = ls_normal_truncated(u, a, b);
			cr_assert(x >= last && x <= b, "%g of [%g, %g]: %a", u, a, b, x);
			last = x;
			if (u < 0.001 || x - a < 1e-6 || b - x < 1e-6)
				continue;
			double p = ls_exp64(ls_normal_log_mass(a, x) - ls_normal_log_mass(a, b));
			expect_close(p, u, 1e-11, "truncated", a);
		}
	}
	double end = ls_normal_truncated(1 - 0x1p-53, -0x1p-10, 50);
	cr_assert(end > 8 && end < 50, "%g", end);
	cr_assert(ls_normal_truncated(0.5, -60, -50) >= -60 && ls_normal_truncated(0.5, -60, -50) <= -50);
}

/* u, a, b, quantile */
static const double betas[][4] = {
    {0x1p-53, 1, 1, 1.1102230246251565404e-16},
    {0x1p-20, 1, 1, 9.5367431640625e-7},
    {0x1.8p-5, 1, 1, 0.046875},
    {0x1p-1, 1, 1, 0.5},
    {0x1.ap-1, 1, 1, 0.8125},
    {0x1.fffffffffffffp-1, 1, 1, 0.99999999999999988898},
    {0x1p-53, 2, 5, 2.7205673828323067124e-9},
    {0x1p-20, 2, 5, 0.00025223217155313603424},
    {0x1.8p-5, 2, 5, 0.060673345031131372232},
    {0x1p-1, 2, 5, 0.26444998329565996232},
    {0x1.ap-1, 2, 5, 0.43149822227072624197},
    {0x1.fffffffffffffp-1, 2, 5, 0.99954971819899026689},
    {0x1p-53, 0.5, 0.5, 3.0413066648502474661e-32},
    {0x1p-20, 0.5, 0.5, 2.2440882278447079135e-12},
    {0x1.8p-5, 0.5, 0.5, 0.0054117450176095132742},
    {0x1p-1, 0.5, 0.5, 0.5},
    {0x1.ap-1, 0.5, 0.5, 0.91573480615127261854},
    {0x1.fffffffffffffp-1, 0.5, 0.5, 1.0},
    {0x1p-53, 0.1, 3, 6.7341448821807405445e-161},
    {0x1p-20, 0.1, 3, 1.4729263274343448173e-61},
    {0x1.8p-5, 0.1, 3, 1.2122521556977816299e-14},
    {0x1p-1, 0.1, 3, 0.00023123990750011795267},
    {0x1.ap-1, 0.1, 3, 0.031411071098483663232},
    {0x1.fffffffffffffp-1, 0.1, 3, 0.99998576638845229148},
    {0x1p-53, 5, 1, 0.00064429097205707727508},
    {0x1p-20, 5, 1, 0.0625},
    {0x1.8p-5, 5, 1, 0.54223588559884930687},
    {0x1p-1, 5, 1, 0.87055056329612413914},
    {0x1.ap-1, 5, 1, 0.95932259581265312393},
    {0x1.fffffffffffffp-1, 5, 1, 0.9999999999999999778},
    {0x1p-53, 30, 2, 0.26469900365139960892},
    {0x1p-20, 30, 2, 0.57735716009206761634},
    {0x1.8p-5, 30, 2, 0.85372138453992538879},
    {0x1p-1, 30, 2, 0.94644794788299726883},
    {0x1.ap-1, 30, 2, 0.97443714600872471525},
    {0x1.fffffffffffffp-1, 30, 2, 0.99999999951137167299},
    {0x1p-53, 0.0625, 0.0625, 3.1776688192498764072e-251},
    {0x1p-20, 0.0625, 0.0625, 2.7921988448072382636e-92},
    {0x1.8p-5, 0.0625, 0.0625, 3.2404509149933316133e-17},
    {0x1p-1, 0.0625, 0.0625, 0.5},
    {0x1.ap-1, 0.0625, 0.0625, 0.99999986082371004932},
    {0x1.fffffffffffffp-1, 0.0625, 0.0625, 1.0},
    {0x1p-53, 100, 300, 0.1047127070765711283},
    {0x1p-20, 100, 300, 0.15700847935408276705},
    {0x1.8p-5, 100, 300, 0.21452437232782428444},
    {0x1p-1, 100, 300, 0.24958300010779972591},
    {0x1.ap-1, 100, 300, 0.26911052086779842492},
    {0x1.fffffffffffffp-1, 100, 300, 0.44788988196087344011},
    {0x1p-53, 2000, 3000, 0.34418967455475041186},
    {0x1p-20, 2000, 3000, 0.36732504567385680408},
    {0x1.8p-5, 2000, 3000, 0.38841396352396165258},
    {0x1p-1, 2000, 3000, 0.39998666562641756255},
    {0x1.ap-1, 2000, 3000, 0.40614352328403885529},
    {0x1.fffffffffffffp-1, 2000, 3000, 0.45757406374240496442},
    {0x1p-20, 10000, 7, 0.99726679224621464943},
    {0x1.8p-5, 10000, 7, 0.99880516219337645065},
    {0x1p-1, 10000, 7, 0.99933345853473186924},
    {0x1.ap-1, 10000, 7, 0.99953609271945828917},
    {0x1.fffffffffffffp-1, 10000, 7, 0.99999821955891617744},
    {0x1p-53, 40000, 40000, 0.4854904639813599809},
    {0x1p-20, 40000, 40000, 0.49158069475475494882},
    {0x1.8p-5, 40000, 40000, 0.49703734588923957153},
    {0x1p-1, 40000, 40000, 0.5},
    {0x1.ap-1, 40000, 40000, 0.50156826941318320686},
    {0x1.fffffffffffffp-1, 40000, 40000, 0.5145095360186400191},
    {0x1p-53, 0.5, 100000, 9.6808039853645735464e-38},
    {0x1p-20, 0.5, 100000, 7.1431725418341118638e-18},
    {0x1.8p-5, 0.5, 100000, 1.7277210908149814447e-8},
    {0x1p-1, 0.5, 100000, 2.2746852152088457847e-6},
};

static double beta_tolerance(double a, double b)
{
	return 1e-13 + 4e-16 * (a + b);
}

Test(special, beta_quantiles)
{
	for (size_t i = 0; i < N(betas); i++) {
		double u = betas[i][0], a = betas[i][1], b = betas[i][2];
		expect_close(ls_beta_quantile(u, a, b), betas[i][3], beta_tolerance(a, b), "quantile", (double)i);
	}
}

Test(special, beta_probabilities_invert_the_quantiles)
{
	static const double shapes[] = {LS_BETA_SHAPE_MIN, 0.03, 0.5, 1, 1.5, 9.99, 10, 700, 1e5, LS_BETA_SHAPE_MAX};
	for (size_t i = 0; i < N(shapes); i++)
		for (size_t j = 0; j < N(shapes); j++) {
			double a = shapes[i], b = shapes[j], last = 0;
			for (double u = 0x1p-7; u < 1; u += 0x1p-4) {
				double x = ls_beta_quantile(u, a, b);
				cr_assert(x >= last && x <= 1, "%g of %g, %g: %a", u, a, b, x);
				last = x;
				/* An ulp of x moves the probability by x f(x) of that. */
				double next = nextafter(x, 2) < 1 ? ls_beta_cdf(nextafter(x, 2), a, b) : 1;
				double p = ls_beta_cdf(x, a, b);
				if (x > 0x1p-1000 && x < 1)
					cr_assert(fabs(p - u) <= 2e-13 + 1e-15 * (a + b) + 8 * fabs(next - p),
					          "%g of %g, %g: %a", u, a, b, p - u);
			}
		}
	cr_assert(ls_beta_cdf(0, 2, 3) == 0 && ls_beta_cdf(1, 2, 3) == 1);
	cr_assert(ls_beta_cdf(0.5, 2, 2) == 0.5 || fabs(ls_beta_cdf(0.5, 2, 2) - 0.5) <= 1e-15);
}

/* By hand: of shapes 2 and 1 it is x^2, of 1 and b 1 - (1 - x)^b, of 2 and 2 it is 3 x^2 - 2 x^3. */
Test(special, beta_of_small_whole_shapes)
{
	for (double x = 0x1p-6; x < 1; x += 0x1p-6) {
		expect_close(ls_beta_cdf(x, 2, 1), x * x, 1e-14, "2, 1", x);
		expect_close(ls_beta_cdf(x, 1, 3), 1 - (1 - x) * (1 - x) * (1 - x), 1e-14, "1, 3", x);
		expect_close(ls_beta_cdf(x, 2, 2), x * x * (3 - 2 * x), 1e-14, "2, 2", x);
		expect_close(ls_beta_quantile(x, 2, 1), sqrt(x), 1e-14, "2, 1", x);
	}
}

/* p, degrees of freedom, quantile; mpmath, by the root of its incomplete beta function. */
static const double students[][3] = {
    {0.975, 1, 12.7062047361746933},     {0.975, 2, 4.30265272974946179},      {0.975, 3, 3.18244630528370844},
    {0.975, 4, 2.77644510519779349},     {0.975, 5, 2.57058183563631478},      {0.975, 6, 2.44691185114496932},
    {0.975, 9, 2.262157162798205},       {0.975, 10, 2.22813885198627422},     {0.975, 20, 2.0859634472658644},
    {0.975, 29, 2.04522964213270387},    {0.975, 30, 2.04227245630123789},     {0.975, 100, 1.98397151852355189},
    {0.975, 999, 1.9623414611334496},    {0.975, 100000, 1.95998770753460926}, {0.6, 1, 0.324919696232906249},
    {0.6, 2, 0.288675134594812815},      {0.6, 3, 0.276670662332689847},       {0.6, 4, 0.270722294707597363},
    {0.6, 5, 0.267180865704145066},      {0.6, 6, 0.264834532933573469},       {0.6, 9, 0.260955336473910952},
    {0.6, 10, 0.260184829492080176},     {0.6, 20, 0.256742753854501919},      {0.6, 29, 0.255683634571256085},
    {0.6, 30, 0.255605364951912714},     {0.6, 100, 0.254022182458227759},     {0.6, 999, 0.25341458333036731},
    {0.6, 100000, 0.253347777157179886}, {0.9995, 1, 636.61924876878973},      {0.9995, 2, 31.5990545764453634},
    {0.9995, 3, 12.9239786366879643},    {0.9995, 4, 8.61030158137952276},     {0.9995, 5, 6.86882662588127513},
    {0.9995, 6, 5.95881617881888487},    {0.9995, 9, 4.78091258593121792},     {0.9995, 10, 4.58689385870270774},
    {0.9995, 20, 3.84951627493087437},   {0.9995, 29, 3.65940501946637425},    {0.9995, 30, 3.64595863504206281},
    {0.9995, 100, 3.39049131116426361},  {0.9995, 999, 3.30029244039876672},   {0.9995, 100000, 3.29062403141191366},
};

Test(special, student_quantiles)
{
	for (size_t i = 0; i < N(students); i++) {
		double p = students[i][0], n = students[i][1];
		expect_close(ls_student_quantile(p, n), students[i][2], 1e-13 + 1e-16 * n, "student", n);
	}
	/* By hand: of one degree tan(pi (p - 1/2)), of two (2 p - 1) / sqrt(2 p (1 - p)). */
	expect_close(ls_student_quantile(0.75, 1), 1, 1e-14, "student", 1);
	for (double p = 0.5 + 0x1p-6; p < 1; p += 0x1p-6)
		expect_close(ls_student_quantile(p, 2), (2 * p - 1) / sqrt(2 * p * (1 - p)), 1e-13, "student", p);
	cr_assert(ls_student_quantile(0.5, 7) == 0);
	expect_close(ls_student_quantile(0.975, 1e9), ls_normal_quantile(0.975), 1e-8, "student", 1e9);
	expect_close(ls_student_quantile(0.975, 2097152), ls_normal_quantile(0.975), 2e-6, "student", 2097152);
}

Test(special, tables)
{
	static struct ls_table64 table;
	ls_table64_fill(&table);
	for (double z = 0; z < 10; z += 0x1.23p-9)
		cr_assert(fabs(ls_table64_tail(&table, z) - ls_normal_cdf(-z)) <= 2e-16, "tail at %a", z);
	for (double x = 0; x > -700; x -= 0x1.23p-6)
		expect_close(ls_table64_exp(&table, x), ls_exp64(x), 4e-16, "exp", x);
	cr_assert(ls_table64_exp(&table, 0) == 1 && ls_table64_tail(&table, 0) == 0.5 &&
	          ls_table64_tail(&table, HUGE_VAL) == 0);
}

Test(special, log1p)
{
	expect_close(ls_log1p64(1e-300), 1e-300, 0, "log1p", 1e-300);
	expect_close(ls_log1p64(0x1p-30), 0x1p-30 - 0x1p-61 + 0x1p-90 / 3, 2e-16, "log1p", 0x1p-30);
	expect_close(ls_log1p64(-0x1p-30), -0x1p-30 - 0x1p-61 - 0x1p-90 / 3, 2e-16, "log1p", -0x1p-30);
	expect_close(ls_log1p64(1e10), 23.025850930040456840, 4e-16, "log1p", 1e10);
	expect_close(ls_log1p64(-0.9999), -9.2103403719762928702, 2e-15, "log1p", -0.9999);
}
